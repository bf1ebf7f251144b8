import { existsSync, readFileSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { createProxy } from '../../lib/proxy/proxy.js'
import { until } from '../support/conversation.js'
import { spawnHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'
import { tempFolder } from '../support/temp-folder.js'
import { labHere } from './lab-here.js'

const FIRST = new URL('../../docs/lab/first/proxy.py', import.meta.url).pathname

test('a proxy that is right: every line says so, exit code 0; and as JSON', async t => {
  const origin = await freePort()
  const proxy = createProxy({ mode: 'reverse', upstream: `http://127.0.0.1:${origin}` })
  t.teardown(() => proxy.destroy())
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  const words = ['check', `http://127.0.0.1:${port}`, '--origin', String(origin)]
  const { code, out } = await labHere(words)
  t.equal(code, 0)
  t.notMatch(out, /✗/)
  t.match(out, /22 of 22 are right\. This proxy handles its hop correctly\.\n$/)
  const json = await labHere([...words, '--json'])
  const results = json.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.equal(results.length, 22)
  t.ok(results.every(({ right }) => right))
})

test(
  "a first try is told what is wrong, in the learner's language, and is ended with the check",
  needs('python3'),
  async t => {
    const { code, out, err } = await labHere(['check', '--start', `exec python3 '${FIRST}'`, '--lang', 'ko'])
    t.match({ code, err }, { code: 1, err: '' })
    t.match(out, /✗ [^\n]*Connection/)
    t.match(out, /다음 단계: /)
  },
)

test('Ctrl-C ends the check, and what it started', needs('python3'), async t => {
  const hopwise = spawnHopwise(t, ['lab', 'check', '--start', `exec python3 '${FIRST}'`])
  await until('the first wrong line', () => /127\.0\.0\.1:\d+/.test(hopwise.out()), 110_000)
  hopwise.signal('SIGINT')
  t.equal((await hopwise.ended).code, 130)
})

test('Ctrl-C ends what is still being started, and says nothing of it', async t => {
  const marker = join(tempFolder(t), 'pid')
  const hopwise = spawnHopwise(t, [
    'lab',
    'check',
    '--start',
    `echo $$ > '${marker}.new'; mv '${marker}.new' '${marker}'; exec sleep 60`,
  ])
  await until('it was started', () => existsSync(marker), 110_000)
  const pid = Number(readFileSync(marker, 'utf8'))
  hopwise.signal('SIGINT')
  t.match(await hopwise.ended, { code: 130, out: '', err: '' })
  await until('it is gone', () => !isAlive(pid), 110_000)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('what cannot be checked is said in a sentence', async t => {
  const taken = net.createServer()
  t.teardown(() => taken.close())
  await new Promise<void>(done => void taken.listen(0, '127.0.0.1', done))
  const { port } = taken.address() as net.AddressInfo
  for (const [words, expected] of [
    [[], { code: 2, err: /Say where your proxy listens/ }],
    [['http://127.0.0.1:1', '--start', 'x'], { code: 2, err: /Say where your proxy listens/ }],
    [['http://192.0.2.1:80/'], { code: 2, err: /192\.0\.2\.1 is not this machine/ }],
    [['http://192.0.2.1/'], { code: 2, err: /not the address of a proxy/ }],
    [['http://192.0.2.1:8080'], { code: 2, err: /192\.0\.2\.1 is not this machine/ }],
    [['ftp://127.0.0.1:1'], { code: 2, err: /is not the address of a proxy/ }],
    [['http://127.0.0.1:1', '--origin', '0'], { code: 2, err: /--origin must be a whole number from 1 to 65535/ }],
    [['http://127.0.0.1:1', '--scale', '2'], { code: 2, err: /--scale cannot be used with hopwise lab check/ }],
    [
      ['http://127.0.0.1:1', '--origin', String(port)],
      { code: 3, err: /Port \d+ for the origin of the check is in use/ },
    ],
    [['http://127.0.0.1:1', '--as', 'forward'], { code: 3, err: /Nothing answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)/ }],
    [['--start', 'exit 4'], { code: 3, err: /Your proxy did not start \(exit code 4\)/ }],
  ] as const) {
    const ended = await labHere(['check', ...words])
    t.match(ended, expected, words.join(' '))
  }
})
