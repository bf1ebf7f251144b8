import { KeptFields } from '../../lib/policy/kept-fields.js'
import { FORWARD, GET, HOST, OURS, type Row, TRUSTED, testRows } from './request-rows.js'

const VIA = { viaRequest: true }
const via: Row[] = [
  ['R141, R142: Via at the end', [GET, HOST, 'A: 1'], VIA, [GET, HOST, 'A: 1', 'Via: 1.1 edge-7']],
  ['R143: the received version', ['GET / HTTP/1.0', HOST], VIA, [GET, HOST, 'Via: 1.0 edge-7']],
  [
    'R143, R146: after those that are there, never joined',
    [GET, 'Via: 1.1 x (c)', HOST, 'Via: 1.0 y'],
    VIA,
    [GET, 'Via: 1.1 x (c)', HOST, 'Via: 1.0 y', 'Via: 1.1 edge-7'],
  ],
  ['R144: without a pseudonym there is none', [GET, HOST], { ...VIA, via: '' }, [GET, HOST]],
  [
    'R132, R141: Connection cannot remove our Via',
    [GET, HOST, 'Connection: via', 'Via: 1.1 x'],
    VIA,
    [GET, HOST, 'Via: 1.1 edge-7'],
  ],
]

const THEIRS = ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Host: evil', 'X-Forwarded-Proto: https']
const X = { xForwarded: true }
const identity: Row[] = [
  ['R204: ours instead of what an untrusted peer sends', [GET, ...THEIRS, HOST], X, [GET, HOST, ...OURS]],
  [
    'R132, R204: Connection cannot remove ours',
    [GET, HOST, 'Connection: x-forwarded-for, x-forwarded-proto', ...THEIRS],
    X,
    [GET, HOST, ...OURS],
  ],
  ['R204: theirs are dropped even when none are added', [GET, HOST, ...THEIRS], {}, [GET, HOST]],
  [
    'R204: every X-Forwarded-*, known or not',
    [GET, HOST, 'X-Forwarded-Port: 1', 'X-Forwarded-Prefix: /x', 'x-forwarded-ssl: on', 'X-Real-IP: 6.6.6.6'],
    {},
    [GET, HOST],
  ],
  [
    'R224: look-alikes with _ for -',
    [GET, HOST, 'X_Forwarded_For: 1', 'X-Forwarded_Proto: 1', 'x_forwarded-prefix: 1', 'X_Real_IP: 1', 'X-REAL_IP: 1'],
    {},
    [GET, HOST],
  ],
  [
    'R224: names that only begin like them',
    [GET, HOST, 'X-Foo: 1', 'X-Real-IPs: 1', 'X-R: 1', 'XForwarded-For: 1', 'X.f: 1'],
    {},
    [GET, HOST, 'X-Foo: 1', 'X-Real-IPs: 1', 'X-R: 1', 'XForwarded-For: 1', 'X.f: 1'],
  ],
  ['R224: Proxy, which CGI turns into HTTP_PROXY', [GET, HOST, 'PROXY: http://evil/'], {}, [GET, HOST]],
  ['R203: Forwarded is dropped at the trust boundary', [GET, HOST, 'Forwarded: for=6.6.6.6'], {}, [GET, HOST]],
  [
    'R203: ours, when configured',
    [GET, HOST, 'Forwarded: for=6.6.6.6'],
    { forwarded: true },
    [GET, HOST, 'Forwarded: for=192.0.2.1;host=a.example;proto=http'],
  ],
  [
    'R204: a trusted peer is kept, its address appended to its last line',
    [GET, 'X-Forwarded-For: 1.1.1.1', HOST, 'X-Forwarded-For: 2.2.2.2, 3.3.3.3', 'A: 1'],
    { ...X, ...TRUSTED },
    [GET, 'X-Forwarded-For: 1.1.1.1', HOST, 'A: 1', 'X-Forwarded-For: 2.2.2.2, 3.3.3.3, 192.0.2.1', ...OURS.slice(1)],
  ],
  [
    'R204: a trusted peer keeps its -Host and -Proto',
    [GET, HOST, ...THEIRS],
    { ...X, ...TRUSTED },
    [GET, HOST, ...THEIRS.slice(1), 'X-Forwarded-For: 6.6.6.6, 192.0.2.1'],
  ],
  ['R204: a trusted peer without any', [GET, HOST], { ...X, ...TRUSTED }, [GET, HOST, ...OURS]],
  [
    'R204: a trusted peer with an empty one',
    [GET, HOST, 'X-Forwarded-For:'],
    { ...X, ...TRUSTED },
    [GET, HOST, ...OURS],
  ],
  [
    'R204: a trusted peer is left alone when none are added',
    [GET, HOST, ...THEIRS, 'X-Real-IP: 1', 'Proxy: 1', 'X_Real_IP: 1'],
    TRUSTED,
    [GET, HOST, ...THEIRS, 'X-Real-IP: 1'],
  ],
  [
    'R224: look-alikes from a trusted peer, and Proxy, are dropped, too: they would bypass its own fields',
    [
      GET,
      HOST,
      'X_Forwarded_For: 1',
      'X.Forwarded.For: 1',
      'Content_Length: 1',
      'Transfer_Encoding: chunked',
      'Proxy: 1',
    ],
    TRUSTED,
    [GET, HOST],
  ],
  [
    'R224: other fields that identify the client or override the target',
    [GET, HOST, 'True-Client-IP: 1', 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'cf-connecting-ip: 1'],
    {},
    [GET, HOST],
  ],
  [
    '… kept if configured, and nothing else',
    [GET, HOST, 'true-client-ip: 1', 'True_Client_IP: 2', 'X-Real-IP: 3', 'X_Real_IP: 4', 'X-Original-URL: /'],
    { keepFields: new KeptFields(['True-Client-IP', 'X-Real-IP']) },
    [GET, HOST, 'true-client-ip: 1', 'X-Real-IP: 3'],
  ],
  [
    '… but Connection still removes it',
    [GET, HOST, 'Connection: true-client-ip', 'True-Client-IP: 1'],
    { keepFields: new KeptFields(['True-Client-IP']) },
    [GET, HOST],
  ],
  [
    'R224: a forward proxy that adds X-Forwarded-For lets no look-alike through',
    [GET, HOST, 'X_Forwarded_For: 1', 'X-Real-IP: 2'],
    { ...FORWARD, xForwarded: true },
    [GET, HOST, 'X-Real-IP: 2', ...OURS],
  ],
  [
    'R110: one that adds none forwards what it does not know',
    [GET, HOST, 'X_Forwarded_For: 1', 'Content_Length: 1', 'Proxy: 1'],
    FORWARD,
    [GET, HOST, 'X_Forwarded_For: 1', 'Content_Length: 1', 'Proxy: 1'],
  ],
  [
    'R203: after the element of a trusted peer',
    [GET, 'Forwarded: for=6.6.6.6', HOST],
    { forwarded: true, ...TRUSTED },
    [GET, 'Forwarded: for=6.6.6.6', HOST, 'Forwarded: for=192.0.2.1;host=a.example;proto=http'],
  ],
  [
    'R204: a forward proxy adds none and leaves what is there',
    [GET, HOST, ...THEIRS, 'X-Real-IP: 1', 'Forwarded: for=x', 'Proxy: 1'],
    FORWARD,
    [GET, HOST, ...THEIRS, 'X-Real-IP: 1', 'Forwarded: for=x', 'Proxy: 1'],
  ],
  [
    'R204: a forward proxy that is configured to add them',
    [GET, HOST, ...THEIRS, 'X-Real-IP: 1'],
    { ...X, ...FORWARD },
    [GET, HOST, 'X-Real-IP: 1', ...OURS],
  ],
  [
    'R203: a forward proxy that is configured to add Forwarded',
    [GET, HOST, 'Forwarded: for=x', ...THEIRS],
    { forwarded: true, ...FORWARD },
    [GET, HOST, ...THEIRS, 'Forwarded: for=192.0.2.1;host=a.example;proto=http'],
  ],
  [
    'R204: no address, no authority',
    ['GET / HTTP/1.0', HOST.replace('a.example', '')],
    { ...X, clientAddress: '', scheme: 'https' },
    [GET, HOST, 'X-Forwarded-For: unknown', 'X-Forwarded-Proto: https'],
  ],
  [
    'R204: the authority that the client requested, not the one it gets',
    [GET, 'Host: b.example'],
    X,
    [GET, HOST, OURS[0]!, 'X-Forwarded-Host: b.example', OURS[2]!],
  ],
]

testRows(...via, ...identity)
