import * as net from 'node:net'
import { type Test, test } from 'tap'
import { rawTalk } from '../admin/raw-talk.js'
import { ODD, type Visited, visited } from './server-visitor.js'

// A foreign page, a malicious visitor, and one who is only careless: all of them get only a sentence.

const odd = (t: Test): Promise<Visited> => visited(t, { catalogue: ODD, hosts: ['Lab.Internal'] })
const START = JSON.stringify({ experiment: 'well' })
const JSON_FIELD = 'Content-Type: application/json'

function postOf(path: string, content: string, fields: readonly string[]): string {
  const lines = [
    `POST ${path} HTTP/1.1`,
    ...fields,
    `Content-Length: ${Buffer.byteLength(content)}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${content}`
}

/** Every refusal says why, in both languages. */
function isRefused(t: Test, told: string, status: number, about: string): void {
  const [head = '', content = ''] = Buffer.from(told, 'latin1').toString().split('\r\n\r\n')
  t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), about)
  t.match(JSON.parse(content || '{}'), { error: { en: /\w/, ko: /[가-힣]/ } }, `${about}: says why`)
}

test('a name that a stranger pointed here is not ours, whatever is asked', async t => {
  const { port } = await odd(t)
  for (const host of [
    'evil.example',
    '127.0.0.1.evil.example',
    'lab.internal.evil.example',
    'user@127.0.0.1',
    '127.1',
  ]) {
    isRefused(t, await rawTalk(port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), 421, host)
    isRefused(t, await rawTalk(port, postOf('/runs', START, [`Host: ${host}:${port}`, JSON_FIELD])), 421, host)
  }
  for (const host of ['127.0.0.1', `127.0.0.1:${port}`, 'LOCALHOST', 'lab.internal', '[::1]'])
    t.match(await rawTalk(port, postOf('/runs', START, [`Host: ${host}`, JSON_FIELD])), /^HTTP\/1\.1 201 /, host)
})

test('a foreign page starts and stops nothing', async t => {
  const { port, start, ask } = await odd(t)
  const run = await start('waits')
  const foreign = [
    'Origin: http://evil.example',
    'Origin: null',
    'Origin: http://127.0.0.1:1',
    `Origin: file://127.0.0.1:${port}`,
    'Origin: nonsense',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Site: none',
    `Origin: http://127.0.0.1:${port}\r\nSec-Fetch-Site: cross-site`,
  ]
  for (const field of foreign) {
    const fields = [`Host: 127.0.0.1:${port}`, field, JSON_FIELD]
    isRefused(t, await rawTalk(port, postOf('/runs', START, fields)), 403, field)
    isRefused(t, await rawTalk(port, postOf('/workbench', '{}', fields)), 403, field)
    const stop = `DELETE /runs/${run} HTTP/1.1\r\n${fields.join('\r\n')}\r\nConnection: close\r\n\r\n`
    isRefused(t, await rawTalk(port, stop), 403, field)
  }
  t.match(await ask(`/runs/${run}`), { status: 409 }, 'it goes on')
  const own = [`Host: 127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`, 'Sec-Fetch-Site: same-origin', JSON_FIELD]
  t.match(await rawTalk(port, postOf('/runs', START, own)), /^HTTP\/1\.1 201 /)
})

test('a foreign form cannot send JSON, and no preflight allows it', async t => {
  const { ask, port } = await odd(t)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
    '',
  ])
    isRefused(t, await rawTalk(port, postOf('/runs', START, ['Host: localhost', `Content-Type: ${type}`])), 415, type)
  isRefused(t, await rawTalk(port, postOf('/runs', START, ['Host: localhost'])), 415, 'no type')
  const encoded = ['Host: localhost', JSON_FIELD, 'Content-Encoding: gzip']
  isRefused(t, await rawTalk(port, postOf('/runs', START, encoded)), 415, 'encoded')
  const preflight = await ask('/runs', { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } })
  t.equal(preflight.status, 405)
  t.notMatch(Object.keys(preflight.headers).join(), /access-control/)
})

test('content that is too long, incomplete or not JSON is refused', async t => {
  const { port, post, ask } = await odd(t)
  const long = JSON.stringify({ experiment: 'x'.repeat(20_000) })
  const fields = ['Host: localhost', JSON_FIELD]
  isRefused(t, await rawTalk(port, postOf('/runs', long, fields)), 413, 'a length that is too much')
  const head = `POST /runs HTTP/1.1\r\n${fields.join('\r\n')}\r\n`
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
  isRefused(
    t,
    await rawTalk(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`),
    413,
    'chunk after chunk',
  )
  isRefused(
    t,
    await rawTalk(port, `${head}Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n`),
    413,
    'nothing is waited for',
  )
  t.match(
    await rawTalk(
      port,
      `${head}Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${START.length}\r\n\r\n${START}`,
    ),
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /,
  )
  for (const content of ['', '{', 'null', '[]', '"well"', '7', '\xff\xfe', '{"experiment":"well"}x', '['.repeat(8_000)])
    isRefused(t, await rawTalk(port, postOf('/runs', content, fields)), 400, JSON.stringify(content.slice(0, 30)))
  t.match(await ask('/runs', { method: 'GET' }), { status: 405, headers: { allow: 'POST' } })
  t.match(await ask('/', { headers: { 'Content-Length': 3 } }, 'abc'), { status: 413 })
  const half = await new Promise<string>(done => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.end(`${head}Content-Length: 100\r\n\r\n{"exp`)
    })
    let told = ''
    socket.on('data', part => {
      told += part
    })
    socket.on('error', () => {}).on('close', () => done(told))
  })
  t.notMatch(half, / 201 /)
  t.match(await post('/runs', { experiment: 'well' }), { status: 201 }, 'and the next one is served')
})

test('an unknown experiment, a knob that is too large, or none: the answer says what would be right', async t => {
  const { post } = await odd(t)
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [{ experiment: 'nothing' }, /no such experiment/],
    [{ experiment: '__proto__' }, /no such experiment/],
    [{ experiment: '../well' }, /no such experiment/],
    [{ experiment: ['well'] }, /no such experiment/],
    [{}, /no such experiment/],
    [{ experiment: 'well', knobs: { size: 1e9 } }, /size must be a number from 1 to 9, not "1000000000"/],
    [{ experiment: 'well', knobs: { size: -1 } }, /size must be a number/],
    [{ experiment: 'well', knobs: { size: null } }, /size must be a number/],
    [{ experiment: 'well', knobs: { size: '2; rm' } }, /size must be a number/],
    [{ experiment: 'well', knobs: { way: 'sideways' } }, /way must be one of up, down/],
    [{ experiment: 'well', knobs: { way: 'toString' } }, /way must be one of/],
    [{ experiment: 'well', knobs: { other: 1 } }, /no setting "other"/],
    [{ experiment: 'well', knobs: { ['x'.repeat(5_000)]: 1 } }, /no setting "x{40}…"/],
    [{ experiment: 'well', knobs: [] }, /JSON object/],
    [{ experiment: 'well', scale: 1e6 }, /scale must be a number from/],
    [{ experiment: 'well', scale: 0 }, /scale must be a number from/],
    [{ experiment: 'well', scale: '1' }, /scale must be a number from/],
    [{ experiment: 'well', catalogue: 'file:///etc/passwd' }, /"catalogue" is not known/],
    [{ experiment: 'well', signal: {} }, /"signal" is not known/],
  ]
  for (const [content, en] of rows) {
    const { status, text } = await post('/runs', content)
    t.equal(status, 400, JSON.stringify(content).slice(0, 80))
    t.match(JSON.parse(text), { error: { en, ko: /[가-힣]/ } })
  }
  t.match((await post('/runs', JSON.parse('{"experiment":"well","__proto__":{"scale":9}}'))).status, 400)
})

test('paths of every kind lead only to served files', async t => {
  const { port } = await odd(t)
  const paths = [
    '/../server/lab-server.js',
    '/%2e%2e/catalogue.js',
    '/..%2fcatalogue.js',
    '//etc/passwd',
    '/./api.js',
    '/api.js/',
    '/api.js%00.css',
    '/API.JS',
    '/__proto__',
    '/constructor',
    '/index.html',
    '/runs/',
    '/runs/../experiments',
    '/runs/__proto__',
    '/runs/AAAAAAAAAAAAAAAA',
    '/runs/AAAAAAAAAAAAAAAA/events',
    '/runs/AAAAAAAAAAAAAAAA/../../experiments',
    'http://127.0.0.1/experiments',
    'http://evil.example/',
    '*',
  ]
  for (const path of paths)
    isRefused(t, await rawTalk(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`), 404, path)
})

test('other methods are told which there are', async t => {
  const { ask, start } = await odd(t)
  const run = await start('waits')
  const rows = [
    ['/', 'GET, HEAD'],
    ['/api.js', 'GET, HEAD'],
    ['/experiments', 'GET, HEAD'],
    ['/runs', 'POST'],
    ['/workbench', 'GET, HEAD, POST'],
    [`/runs/${run}`, 'GET, HEAD, DELETE'],
    [`/runs/${run}/events`, 'GET, HEAD'],
  ] as const
  for (const [path, allow] of rows)
    for (const method of ['PUT', 'PATCH', 'TRACE', 'OPTIONS'])
      t.match(await ask(path, { method }), { status: 405, headers: { allow } }, `${method} ${path}`)
  t.match(await ask(`/runs/${run}`), { status: 409 }, 'it goes on')
})

test('the workbench refuses everything that would break out of its form', async t => {
  const { post } = await odd(t)
  const field = (name: string, value: string) => ({ fields: [{ name, value }] })
  const rows: readonly (readonly [object, RegExp])[] = [
    [{ path: 'http://127.0.0.1:80/' }, /^path: /],
    [{ path: '/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /' }, /^path: /],
    [{ path: '/a b' }, /^path: /],
    [{ path: '/a\n' }, /^path: /],
    [{ path: '/#x' }, /^path: /],
    [{ path: '*' }, /^path: /],
    [{ path: '' }, /^path: /],
    [{ path: `/${'x'.repeat(200)}` }, /^path: at most 200/],
    [{ method: 'CONNECT' }, /^method: one of GET/],
    [{ method: 'get' }, /^method: one of GET/],
    [{ method: 'GET /evil HTTP/1.1\r\nX:' }, /^method: one of GET/],
    [{ version: '1.1\r\nX: y' }, /^version: /],
    [field('X\r\nY', '1'), /^fields\.0\.name: .*token/],
    [field('X:', '1'), /^fields\.0\.name: /],
    [field('', '1'), /^fields\.0\.name: /],
    [field('X', 'a\r\nY: b'), /^fields\.0\.value: /],
    [field('X', 'a\nY: b'), /^fields\.0\.value: /],
    [field('X', 'a\0'), /^fields\.0\.value: /],
    [field('X', '가'), /^fields\.0\.value: /],
    [field('X', 'x'.repeat(257)), /^fields\.0\.value: at most 256/],
    [{ fields: Array(21).fill({ name: 'X', value: '' }) }, /^fields: at most 20/],
    [
      { fields: Array(8).fill({ name: 'X', value: 'x'.repeat(256) }) },
      /the head of the request may have at most 1536 bytes/,
    ],
    [{ content: 'x'.repeat(4_097) }, /^content: /],
    [{ content: '가'.repeat(1_366) }, /^content: /],
    [{ requests: 5 }, /^requests: at most 4/],
    [{ requests: 1.5 }, /^requests: /],
    [{ chain: Array(4).fill({ kind: 'dumb' }) }, /^chain: at most 3/],
    [{ chain: [{ kind: 'squid' }] }, /^chain\.0\.kind: one of dumb, smart, stock, hopwise/],
    [{ chain: [{ kind: 'hopwise', upstream: 'http://127.0.0.1:80' }] }, /^chain\.0: there is no upstream here/],
    [{ chain: [{ kind: 'hopwise', mode: 'forward' }] }, /^chain\.0: there is no mode here/],
    [{ chain: [{ kind: 'hopwise', allow: ['127.0.0.1'] }] }, /^chain\.0: there is no allow here/],
    [{ chain: [{ kind: 'stock', target: 'http://127.0.0.1:80' }] }, /^chain\.0: there is no target here/],
    [{ origin: { port: 80 } }, /^origin: there is no port here/],
    [{ origin: { delayMs: 60_000 } }, /^origin\.delayMs: at most 5000/],
    [{ origin: { contentBytes: 1e12 } }, /^origin\.contentBytes: at most 65536/],
    [{ origin: { timeoutS: 11 } }, /^origin\.timeoutS: at most 10/],
    [{ origin: null }, /^origin: /],
    [{ scale: 1e9 }, /scale must be a number/],
    [{ host: 'evil.example' }, /there is no host here/],
  ]
  for (const [content, en] of rows) {
    const { status, text } = await post('/workbench', content)
    t.equal(status, 400, JSON.stringify(content).slice(0, 80))
    t.match(JSON.parse(text), { error: { en, ko: /[가-힣]/ } })
  }
})

test('bytes that are not HTTP, and silent connections, have no effect', async t => {
  const { port, ask } = await odd(t)
  for (const octets of [
    '\0\0\0\0\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\0',
    'CONNECT evil:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  ])
    t.notMatch(await rawTalk(port, octets), / 20\d /, JSON.stringify(octets))
  const silent = Array.from({ length: 50 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  t.match(await ask('/experiments'), { status: 200 })
  for (const socket of silent) socket.destroy()
})
