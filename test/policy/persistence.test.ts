import { test } from 'tap'
import {
  type ClientSide,
  judgeClient,
  judgePooled,
  judgeUpstream,
  keepAliveHint,
  keepAliveValue,
  type PooledSide,
  persistOption,
  proxyConnectionKeeps,
  type UpstreamSide,
} from '../../lib/policy/persistence.js'
import { fieldLines, optionsOf } from './heads.js'

const CLIENT: ClientSide = {
  mode: 'reverse',
  forwardHttp10KeepAlive: false,
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'length',
  contentRead: true,
  connectRefused: false,
  requests: 1,
  requestsMax: 100,
  draining: false,
}
const OLD = { minor: 0, keepAlive: true } as const
const FORWARD = { mode: 'forward' } as const

const clientRows: [title: string, side: Partial<ClientSide>, verdict: ReturnType<typeof judgeClient>][] = [
  ['R74, R75: HTTP/1.1 is persistent', {}, 'keep'],
  ['R75: in both modes', FORWARD, 'keep'],
  ['R75: with keep-alive or without', { keepAlive: true }, 'keep'],
  ['R75: whatever the response has', { framing: 'none' }, 'keep'],
  ['R75: chunked is self-delimited', { framing: 'chunked' }, 'keep'],
  ['R92: the client said close', { close: true }, 'client-close'],
  ['R75: close wins over keep-alive', { close: true, keepAlive: true }, 'client-close'],
  ['R75: HTTP/1.0 is not persistent', { minor: 0 }, 'client-http10'],
  ['R75: HTTP/1.0 with keep-alive at a gateway', OLD, 'keep'],
  ['R76: never at a forward proxy', { ...OLD, ...FORWARD }, 'client-http10'],
  ['R76: except to show what happens', { ...OLD, ...FORWARD, forwardHttp10KeepAlive: true }, 'keep'],
  ['R76: not unless it asks', { minor: 0, ...FORWARD, forwardHttp10KeepAlive: true }, 'client-http10'],
  ['R101: HTTP/1.0 needs a length', { ...OLD, framing: 'close' }, 'response-close-delimited'],
  ['R43, R101: HTTP/1.0 cannot read chunks', { ...OLD, framing: 'chunked' }, 'response-close-delimited'],
  ['R101: no content is a length', { ...OLD, framing: 'none' }, 'keep'],
  ['R81: a response until close', { framing: 'close' }, 'response-close-delimited'],
  ['R79: content that is not read completely', { contentRead: false }, 'content-unread'],
  ['R160: a refused CONNECT', { connectRefused: true }, 'refused'],
  ['R93: the last request that the connection allows', { requests: 100 }, 'client-requests-max'],
  ['one before the last', { requests: 99 }, 'keep'],
  ['R93: draining', { draining: true }, 'draining'],
  ['R92: the choice of the client comes before ours', { close: true, draining: true, requests: 100 }, 'client-close'],
]
for (const [title, side, verdict] of clientRows) {
  test(`client: ${title}: ${verdict}`, async t => t.equal(judgeClient({ ...CLIENT, ...side }), verdict))
}

const UPSTREAM: UpstreamSide = {
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'length',
  inDoubt: false,
  requestSent: true,
  surplus: false,
  hintMax: -1,
}

const upstreamRows: [title: string, side: Partial<UpstreamSide>, verdict: ReturnType<typeof judgeUpstream>][] = [
  ['R75: HTTP/1.1 is persistent', {}, 'keep'],
  ['R75: HTTP/1.0 is not', { minor: 0 }, 'upstream-http10'],
  ['R75: HTTP/1.0 that offers keep-alive in a response is', { minor: 0, keepAlive: true }, 'keep'],
  ['R94: the upstream said close', { close: true, keepAlive: true }, 'upstream-close'],
  ['R81: a response until close', { framing: 'close', inDoubt: true }, 'response-close-delimited'],
  ['R45, R49: framing in doubt', { inDoubt: true }, 'upstream-protocol-error'],
  ['R89: it answered before it had the request', { requestSent: false }, 'early-response'],
  ['R59: bytes after the response', { surplus: true }, 'upstream-unsolicited'],
  ['its Keep-Alive admits no more', { hintMax: 0 }, 'upstream-hint'],
  ['its Keep-Alive admits one more', { hintMax: 1 }, 'keep'],
]
for (const [title, side, verdict] of upstreamRows) {
  test(`upstream: ${title}: ${verdict}`, async t => t.equal(judgeUpstream({ ...UPSTREAM, ...side }), verdict))
}

const POOLED: PooledSide = { reserved: false, draining: false, retired: false, described: false }

const pooledRows: [title: string, side: Partial<PooledSide>, verdict: ReturnType<typeof judgePooled>][] = [
  ['nothing stands against it', {}, 'keep'],
  ['the pool drains', { draining: true }, 'draining'],
  ['it began with the address of one client', { described: true }, 'upstream-proxy-protocol'],
  ['its server has left the group', { retired: true }, 'reconfigured'],
  [
    'R225: a client has logged in on it: a drain leaves it open for that client',
    { reserved: true, draining: true },
    'keep',
  ],
  ['R225: it describes only that client', { reserved: true, described: true }, 'keep'],
  ['R225: its server has left the group', { reserved: true, retired: true }, 'reconfigured'],
]
for (const [title, side, verdict] of pooledRows) {
  test(`pooled: ${title}: ${verdict}`, async t => t.equal(judgePooled({ ...POOLED, ...side }), verdict))
}

test('R77, R90, R172: the option that a response carries', async t => {
  t.equal(persistOption('client-close', 1, 'http10'), 'close')
  t.equal(persistOption('draining', 0, 'always'), 'close')
  t.equal(persistOption('content-unread', 1, 'http10'), 'close', 'an early answer says that we are closing')
  t.equal(persistOption('keep', 1, 'http10'), '', 'HTTP/1.1 is persistent by itself')
  t.equal(persistOption('keep', 0, 'http10'), 'keep-alive')
  t.equal(persistOption('keep', 1, 'always'), 'keep-alive')
})

test('R101: our Keep-Alive counts down', async t => {
  t.equal(keepAliveValue(5000, 99), 'timeout=5, max=99')
  t.equal(keepAliveValue(5999, 0), 'timeout=5, max=0')
  t.equal(keepAliveValue(5000, Number.POSITIVE_INFINITY), 'timeout=5', 'no limit is not said')
  t.equal(keepAliveValue(0, 7), 'max=7')
  t.equal(keepAliveValue(0, -1), '')
})

const NONE = { timeoutS: -1, max: -1 }
const hints: [lines: string[], hint: { timeoutS: number; max: number }][] = [
  [['Connection: keep-alive', 'Keep-Alive: timeout=5, max=100'], { timeoutS: 5, max: 100 }],
  [['Connection: Keep-Alive', 'Keep-Alive: MAX = 7 , Timeout="15"'], { timeoutS: 15, max: 7 }],
  [['Connection: keep-alive', 'Keep-Alive: timeout=5', 'Keep-Alive: max=1'], { timeoutS: 5, max: 1 }],
  [['Connection: keep-alive', 'Keep-Alive: timeout=0'], { timeoutS: 0, max: -1 }],
  [['Keep-Alive: timeout=5'], NONE],
  [['Connection: close', 'Keep-Alive: timeout=5'], NONE],
  [['Connection: keep-alive'], NONE],
  [['Connection: keep-alive', 'Keep-Alive: 300'], NONE],
  [['Connection: keep-alive', 'Keep-Alive: timeout=-1, max=1e9, timeout=99999999999, x=1'], NONE],
]
for (const [lines, hint] of hints) {
  test(`R101, R137: a hint counts with its option only: ${lines.join(' | ')}`, async t => {
    const read = fieldLines(...lines)
    t.same(keepAliveHint(read, optionsOf(read)), hint)
  })
}

const asks: [lines: string[], keeps: boolean][] = [
  [['Proxy-Connection: Keep-Alive'], true],
  [['proxy-connection: x', 'Proxy-Connection: a, keep-alive'], true],
  [['Proxy-Connection: close'], false],
  [['Connection: keep-alive'], false],
]
for (const [lines, keeps] of asks) {
  test(`R212: does Proxy-Connection ask to keep: ${lines.join(' | ')}`, async t => {
    t.equal(proxyConnectionKeeps(fieldLines(...lines)), keeps)
  })
}
