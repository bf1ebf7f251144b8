import t from 'tap'
import { ran } from './running.js'

t.test('every end is seen for what it is', async t => {
  const run = await ran(t, 'close')
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(run.figure('short', 'came'), 40)
  t.equal(run.figure('unread', 'writes'), 0)
  if (process.platform === 'linux') t.equal(run.figure('unread', 'reads'), 45, 'Linux keeps what was delivered')
  for (const who of ['writes', 'reads']) t.equal(run.figure('lingering', who), 45)
})

t.test('closing with unread input makes a reset, reading to the end does not', async t => {
  const run = await ran(t, 'close', { knobs: { upload: 262_144 } })
  const resets = (scene: string, by: string) =>
    run.of('closed', scene).filter(closed => closed.how === 'reset' && closed.by === by)
  t.ok(resets('unread', 'origin').length >= 1)
  t.equal(resets('lingering', 'origin').length, 0)
  t.ok(run.of('bytes', 'unread').every(({ by, connection }) => by === 'client' || connection !== 'c1'))
})

t.test('behind hopwise the reset does not reach the client, and its answer does', async t => {
  const run = await ran(t, 'close')
  const clients = run.of('open', 'hopwise').filter(({ from }) => from === 'client')
  t.equal(clients.length, 2)
  for (const { connection } of clients) {
    t.equal(run.of('closed', 'hopwise').find(closed => closed.connection === connection)?.how, 'fin')
    const answer = run.of('bytes', 'hopwise').find(bytes => bytes.connection === connection && bytes.by === 'proxy')
    t.match(answer?.text, /^HTTP\/1\.1 413 /)
  }
})

t.test('a Content-Length that is wrong by one octet spoils the next message, but not through hopwise', async t => {
  const run = await ran(t, 'close', { knobs: { off: 1 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(run.figure('large', 'first') - run.figure('small', 'first'), 2)
  for (const scene of ['small', 'large']) t.equal(run.figure(scene, 'second'), 0)
  t.equal(run.figure('guarded', 'second'), 1)
  const upstream = run.of('open', 'guarded').filter(({ from }) => from === 'proxy')
  t.equal(upstream.length, 2, 'the connection with surplus octets is not used again')
})

t.test('the answer comes after the client has ended its side', async t => {
  const run = await ran(t, 'close')
  const fin = run.of('fin', 'half').find(({ by }) => by === 'client')
  const answer = run.of('bytes', 'half').find(({ by }) => by === 'origin')
  t.ok(fin && answer && fin.at < answer.at)
  t.equal(run.figure('half', 'answer'), answer?.size)
})
