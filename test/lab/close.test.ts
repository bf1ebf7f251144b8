import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Bench, party } from '../../lib/lab/bench.js'
import { openEarlyServer } from '../../lib/lab/experiments/close-server.js'
import { plain } from '../../lib/lab/said.js'
import { ran } from './running.js'

/**
 * A client on plain sockets: uploads, waits for the message that the server has closed, writes until a write fails, and then
 * reads.
 */
const RAW = `
import socket, sys
c = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
c.setblocking(False)
c.send(b'POST /upload HTTP/1.1\\r\\nHost: origin\\r\\nContent-Length: 400000\\r\\n\\r\\n' + b'.' * 200000)
sys.stdin.readline()
c.setblocking(True)
wrote = 'wrote'
try:
  for _ in range(100): c.send(b'.' * 1000)
except OSError:
  wrote = 'failed'
got = b''
while True:
  try: bytes = c.recv(1000)
  except OSError: break
  if not bytes: break
  got += bytes
print(wrote, len(got))
`

function sceneOf(t: Test) {
  const bench = new Bench(0.1, new AbortController().signal, () => {})
  t.teardown(() => bench.close())
  return bench.scene('raw', plain('raw'), [party('client'), party('origin')])
}

t.test('every kind of end is recognised', async t => {
  const run = await ran(t, 'close')
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(run.figure('short', 'came'), 40)
  t.equal(run.figure('unread', 'writes'), 0, 'Node destroys the socket with the write that fails')
  if (process.platform === 'linux')
    for (const who of ['reads-on', 'reads']) t.equal(run.figure('unread', who), 45, 'Linux keeps what was delivered')
  for (const who of ['writes', 'reads-on', 'reads']) t.equal(run.figure('lingering', who), 45)
})

t.test('closing with unread input causes a reset, reading to the end does not', async t => {
  const run = await ran(t, 'close', { knobs: { upload: 262_144 } })
  const resets = (scene: string, by: string) =>
    run.of('closed', scene).filter(closed => closed.how === 'reset' && closed.by === by)
  t.ok(resets('unread', 'origin').length >= 1)
  t.equal(resets('lingering', 'origin').length, 0)
  t.ok(run.of('bytes', 'unread').every(({ by, connection }) => by === 'client' || connection !== 'c1'))
  if (process.platform === 'linux')
    t.ok(run.of('bytes', 'unread').some(({ by, connection }) => by === 'origin' && connection === 'c2'))
  t.equal(run.of('closed', 'unread').find(({ connection }) => connection === 'c2')?.how, 'reset')
})

t.test('the statement about Linux also holds for an external client', async t => {
  if (process.platform !== 'linux' || spawnSync('python3', ['-V']).status !== 0)
    return t.pass('no python3 on Linux here')
  const scene = sceneOf(t)
  const server = await openEarlyServer(scene, 'unread')
  const client = spawn('python3', ['-c', RAW, `${server.port}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  await server.answered
  client.stdin.end('go\n')
  t.match(await text(client.stdout), /^failed 45$/m, 'its write failed, and after that it read the whole answer')
})

t.test('behind hopwise the reset does not reach the client, and its answer does', async t => {
  const run = await ran(t, 'close')
  const clients = run.of('open', 'hopwise').filter(({ from }) => from === 'client')
  t.equal(clients.length, 3)
  for (const { connection } of clients) {
    t.equal(run.of('closed', 'hopwise').find(closed => closed.connection === connection)?.how, 'fin')
    const answer = run.of('bytes', 'hopwise').find(bytes => bytes.connection === connection && bytes.by === 'proxy')
    t.match(answer?.text, /^HTTP\/1\.1 413 /)
  }
})

t.test('a Content-Length that is wrong by one byte destroys the next message, but not through hopwise', async t => {
  const run = await ran(t, 'close', { knobs: { off: 1 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(run.figure('large', 'first') - run.figure('small', 'first'), 2)
  for (const scene of ['small', 'large']) t.equal(run.figure(scene, 'second'), 0)
  t.equal(run.figure('guarded', 'second'), 1)
  const upstream = run.of('open', 'guarded').filter(({ from }) => from === 'proxy')
  t.equal(upstream.length, 2, 'the connection with surplus bytes is not used again')
})

t.test('the answer comes after the client has ended its side', async t => {
  const run = await ran(t, 'close')
  const fin = run.of('fin', 'half').find(({ by }) => by === 'client')
  const answer = run.of('bytes', 'half').find(({ by }) => by === 'origin')
  t.ok(fin && answer && fin.at < answer.at)
  t.equal(run.figure('half', 'answer'), answer?.size)
})
