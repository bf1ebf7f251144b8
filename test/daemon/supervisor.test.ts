import { test } from 'tap'
import { RefusedError } from '../../lib/daemon/gateway-types.js'
import { RestartDelay } from '../../lib/daemon/workers/restart-delay.js'
import { Supervisor } from '../../lib/daemon/workers/supervisor.js'
import { FakeClock } from '../support/fake-clock.js'
import { BOUND, fakeWorkers, keptLog, type Manner, obedient, settled } from './fixture/fake-workers.js'
import { statsOf } from './fixture/stats.js'

interface Configuration {
  workers: number
  text: string
}

const first: Configuration = { workers: 2, text: 'first' }
const second: Configuration = { workers: 2, text: 'second' }
const TIMES = { announceMs: 300, graceMs: 1_000 }

function supervise(manner?: (number: number) => Manner, times = TIMES) {
  const clock = new FakeClock()
  const workers = fakeWorkers(manner)
  const kept = keptLog()
  const supervisor = new Supervisor<Configuration>({
    fork: workers.fork,
    clock,
    count: ({ workers }) => workers,
    drain: () => times,
    log: kept.log,
  })
  /** Lets time pass, and everything that happens in it. */
  const pass = async (ms: number) => {
    await settled()
    clock.advance(ms)
    await settled()
  }
  return { clock, supervisor, pass, ...workers, ...kept }
}

test('as many workers as configured, each started with the configuration', async t => {
  const { supervisor, all, alive } = supervise()
  t.strictSame(await supervisor.start({ ...first, workers: 3 }), BOUND)
  t.strictSame(alive(), [1, 2, 3])
  t.match(all[2]?.heard, [{ kind: 'start', worker: 3, configuration: { text: 'first' } }, { kind: 'stats' }])
  t.strictSame(supervisor.counts(), { wanted: 3, running: 3, restarts: 0 })
})

test('what the first worker cannot do is reported, and no other is started', async t => {
  const refusing: Manner = (worker, { kind, ...message }) => {
    if (kind !== 'start' || !('id' in message)) return
    worker.say({ kind: 'refused', id: message.id, reasons: ['the port is taken'] })
    worker.die('code 1')
  }
  const { supervisor, all, alive } = supervise(() => refusing)
  await t.rejects(supervisor.start(first), { name: 'RefusedError', reasons: ['the port is taken'] })
  t.equal(all.length, 1)
  t.strictSame(alive(), [])
})

test('a worker that dies at its start, or does not answer, is reported as such', async t => {
  const dying = supervise(() => worker => worker.die('SIGSEGV'))
  await t.rejects(dying.supervisor.start(first), { name: 'WorkerFailure', message: 'worker 1 ended (SIGSEGV)' })
  const silent = supervise(() => () => {})
  const started = silent.supervisor.start(first)
  const told = t.rejects(started, { message: 'worker 1 did not answer within 120000 ms' })
  await silent.pass(120_000)
  await told
  await settled()
  t.strictSame(silent.alive(), [])
})

test('the delay before a replacement: none, then longer each time, and none again after 30 quiet seconds', async t => {
  const delay = new RestartDelay()
  let now = 0
  const next = () => {
    const ms = delay.next(now)
    now += ms + 1
    return ms
  }
  t.strictSame(Array.from({ length: 10 }, next), [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
  now += 29_998
  t.equal(next(), 10_000, 'not yet')
  now += 30_000
  t.equal(next(), 0)
  t.equal(next(), 100)
})

test('a worker that dies is replaced: at once the first time, then later', async t => {
  const { supervisor, all, alive, pass, lines } = supervise()
  await supervisor.start(first)
  all[0]?.die()
  await pass(0)
  t.strictSame(alive(), [2, 3])
  all[1]?.die('SIGKILL')
  await pass(0)
  t.strictSame(alive(), [3])
  await pass(99)
  t.strictSame(alive(), [3], 'the second death waits 100 ms')
  t.strictSame(supervisor.counts(), { wanted: 2, running: 1, restarts: 1 })
  await pass(1)
  t.strictSame(alive(), [3, 4])
  t.match(
    lines.filter(({ level }) => level === 'error'),
    [
      { message: 'a worker died: its connections are lost', fields: { worker: 1, how: 'code 70', againInMs: 0 } },
      { fields: { worker: 2, how: 'SIGKILL', againInMs: 100 } },
    ],
  )
})

test('a worker that dies at its start again and again does not cause a storm of restarts', async t => {
  let isBroken = false
  const { supervisor, all, pass } = supervise(() => (worker, message) => {
    if (isBroken && message.kind === 'start') worker.die()
    else obedient(worker, message)
  })
  await supervisor.start(first)
  isBroken = true
  all[0]?.die()
  all[1]?.die()
  for (let i = 0; i < 600; i++) await pass(100)
  t.ok(all.length > 8 && all.length < 25, `${all.length} processes in a minute`)
  isBroken = false
  for (let i = 0; i < 120; i++) await pass(100)
  t.equal(supervisor.counts().running, 2, 'and they come back when they can')
})

test('a new configuration: one tries it, all take it', async t => {
  const { supervisor, all } = supervise()
  await supervisor.start(first)
  t.match(await supervisor.update(second), { changes: { listeners: { total: 1 } } })
  for (const worker of all) t.match(worker.heard.at(-1), { kind: 'reload', configuration: { text: 'second' } })
  all[0]?.die()
  await settled()
})

test('a configuration that the first worker refuses reaches no other, and a later worker starts with the old one', async t => {
  const { supervisor, all, alive, pass } = supervise(() => (worker, message) => {
    if (message.kind === 'reload') worker.say({ kind: 'refused', id: message.id, reasons: ['no', 'never'] })
    else obedient(worker, message)
  })
  await supervisor.start(first)
  await t.rejects(supervisor.update(second), { name: 'RefusedError', reasons: ['no', 'never'] })
  t.notOk(all[1]?.heard.some(({ kind }) => kind === 'reload'))
  all[0]?.die()
  await pass(0)
  t.strictSame(alive(), [2, 3])
  t.match(all[2]?.heard[0], { kind: 'start', configuration: { text: 'first' } })
})

test('a worker that does not answer about a new configuration is killed, and the old configuration stays', async t => {
  const { supervisor, all, alive, pass } = supervise(number => (worker, message) => {
    if (message.kind !== 'reload' || number !== 1) obedient(worker, message)
  })
  await supervisor.start(first)
  const refused = t.rejects(supervisor.update(second), { message: 'worker 1 did not answer within 120000 ms' })
  await pass(120_000)
  await refused
  await pass(0)
  t.strictSame(alive(), [2, 3])
  t.match(all[2]?.heard[0], { configuration: { text: 'first' } })
})

test('another worker that cannot follow is replaced: the new one starts first, then the old one is told to end', async t => {
  const { supervisor, all, alive, messages } = supervise(number => (worker, message) => {
    if (message.kind === 'reload' && number === 2) worker.say({ kind: 'refused', id: message.id, reasons: ['not me'] })
    else obedient(worker, message)
  })
  await supervisor.start(first)
  await supervisor.update(second)
  t.strictSame(alive(), [1, 3])
  t.match(all[1]?.heard.at(-1), { kind: 'drain', ...TIMES })
  t.match(all[2]?.heard[0], { kind: 'start', configuration: { text: 'second' } })
  t.ok(messages().includes('a worker did not accept the new configuration: replacing it'))
})

test('a worker that is starting when a new configuration arrives gets it after its start', async t => {
  let late: (() => void) | undefined
  const { supervisor, all, pass } = supervise(number => (worker, message) => {
    if (number === 3 && message.kind === 'start') late = () => obedient(worker, message)
    else obedient(worker, message)
  })
  await supervisor.start(first)
  all[0]?.die()
  await pass(0)
  await supervisor.update(second)
  t.match(all[2]?.heard, [{ kind: 'start', configuration: { text: 'first' } }])
  late?.()
  await settled()
  t.ok(
    all[2]?.heard.some(
      message => message.kind === 'reload' && (message.configuration as Configuration).text === 'second',
    ),
  )
})

test('more and fewer workers', async t => {
  const { supervisor, alive } = supervise()
  await supervisor.start(first)
  await supervisor.update({ workers: 4, text: 'more' })
  t.strictSame(alive(), [1, 2, 3, 4])
  await supervisor.update({ workers: 1, text: 'fewer' })
  await settled()
  t.strictSame(alive(), [4])
  t.strictSame(supervisor.counts(), { wanted: 1, running: 1, restarts: 0 })
})

test('rolling: each new worker is ready before an old one is told to end', async t => {
  const seen: string[] = []
  const { supervisor, alive } = supervise(number => (worker, message) => {
    if (message.kind === 'start' || message.kind === 'drain') seen.push(`${message.kind} ${number}`)
    obedient(worker, message)
  })
  await supervisor.start(first)
  t.strictSame(await supervisor.roll(), { replaced: 2 })
  t.strictSame(alive(), [3, 4])
  t.strictSame(seen.slice(2), ['start 3', 'drain 1', 'start 4', 'drain 2'])
})

test('a worker that is replaced announces its end, even if the end of the daemon is not announced', async t => {
  const { supervisor, all } = supervise(undefined, { announceMs: 0, graceMs: 1_000 })
  await supervisor.start({ ...first, workers: 1 })
  await supervisor.roll()
  t.match(all[0]?.heard.at(-1), { kind: 'drain', announceMs: 250, graceMs: 1_000 })
  await supervisor.stop({ announceMs: 0, graceMs: 1_000 })
  t.match(all[1]?.heard.at(-1), { kind: 'drain', announceMs: 0, graceMs: 1_000 })
})

test('rolling stops at a new worker that does not become ready; the rest stays', async t => {
  const { supervisor, all, alive, pass } = supervise(number => (worker, message) => {
    if (number !== 4) obedient(worker, message)
  })
  await supervisor.start({ ...first, workers: 3 })
  const rolled = supervisor.roll()
  await pass(120_000)
  t.strictSame(await rolled, { replaced: 0, failed: ['worker 4 did not answer within 120000 ms'] })
  await pass(60_000)
  t.strictSame(alive(), [1, 2, 3], 'and the one that failed is not tried again')
  t.equal(all.length, 4)
})

test('an old worker that dies while it is being replaced is not replaced twice', async t => {
  let ready: (() => void) | undefined
  const { supervisor, all, alive, pass } = supervise(number => (worker, message) => {
    if (number === 3 && message.kind === 'start') ready = () => obedient(worker, message)
    else obedient(worker, message)
  })
  await supervisor.start(first)
  const rolled = supervisor.roll()
  await settled()
  all[0]?.die()
  await pass(0)
  ready?.()
  await rolled
  await settled()
  t.equal(alive().length, 2)
  t.equal(supervisor.counts().running, 2)
})

test('the end: all workers are told to end, and one that does not end in time is killed', async t => {
  const { supervisor, alive, pass, messages } = supervise(number => (worker, message) => {
    if (message.kind !== 'drain' || number === 1) obedient(worker, message)
  })
  await supervisor.start(first)
  const phases: string[] = []
  const drained = supervisor.drain(TIMES, phase => phases.push(phase))
  await settled()
  t.strictSame(alive(), [2])
  await pass(300)
  t.strictSame(phases, ['announcing', 'draining'])
  await pass(2_999)
  t.strictSame(alive(), [2])
  await pass(1)
  await drained
  t.strictSame(alive(), [])
  t.strictSame(phases, ['announcing', 'draining', 'over'])
  t.ok(messages().includes('a worker did not end in time: killing it'))
  await t.rejects(supervisor.update(second), RefusedError)
})

test('the end comes at once, whatever is in progress', async t => {
  const { supervisor, alive, pass } = supervise(number => (worker, message) => {
    if (number < 3) obedient(worker, message) // the third one takes its time to start
  })
  await supervisor.start(first)
  const rolled = supervisor.roll()
  await settled()
  const stopped = supervisor.stop({ announceMs: 0, graceMs: 0 })
  await pass(0)
  await stopped
  t.strictSame(alive(), [])
  t.match(await rolled, { replaced: 0, failed: [String] })
  await pass(60_000)
  t.strictSame(alive(), [], 'and no worker comes back')
})

test('the counts of all workers are added; those of one that is gone remain, its gauges do not', async t => {
  const { supervisor, all, pass } = supervise(number => (worker, message) => {
    if (message.kind === 'stats')
      worker.say({
        kind: 'answer',
        id: message.id,
        value: statsOf({ exchanges: { active: 1, total: 10 * number, retries: 0, failures: {}, deadlines: {} } }),
      })
    else obedient(worker, message)
  })
  await supervisor.start(first)
  t.match(await supervisor.stats(), { exchanges: { active: 2, total: 30 } })
  all[0]?.die()
  await pass(0)
  t.match(await supervisor.stats(), { exchanges: { active: 2, total: 60 } })
})

test('statistics: a worker that does not answer counts with its last numbers', async t => {
  let asked = 0
  const { supervisor, pass } = supervise(number => (worker, message) => {
    if (message.kind !== 'stats') return obedient(worker, message)
    if (number === 2 && ++asked > 1) return
    const exchanges = { active: 0, total: number, retries: 0, failures: {}, deadlines: {} }
    worker.say({ kind: 'answer', id: message.id, value: statsOf({ exchanges }) })
  })
  await supervisor.start(first)
  const told = supervisor.stats()
  await pass(1_000)
  t.match(await told, { exchanges: { total: 3 } })
})

test('a ledger is requested from the worker that has it', async t => {
  const { supervisor } = supervise(number => (worker, message) => {
    if (message.kind !== 'ledger') return obedient(worker, message)
    const value = number === 2 ? { exchange: message.exchange, request: null, response: null } : null
    worker.say({ kind: 'answer', id: message.id, value })
  })
  await supervisor.start(first)
  t.strictSame(await supervisor.ledger('w2.x7'), { exchange: 'w2.x7', request: null, response: null })
  t.equal(await supervisor.ledger('w1.x7'), null)
  t.equal(await supervisor.ledger('w9.x7'), null)
  t.equal(await supervisor.ledger('x7'), null)
})

test('a live page is open: all workers are told, and so is a later one', async t => {
  const { supervisor, all, pass } = supervise()
  await supervisor.start(first)
  supervisor.watched(true)
  supervisor.reopen()
  all[0]?.die()
  await pass(0)
  t.match(all[1]?.heard.slice(-2), [{ kind: 'watched', on: true }, { kind: 'reopen' }])
  t.match(all[2]?.heard.at(-1), { kind: 'watched', on: true })
})

test('a worker that sends an unknown message is killed', async t => {
  const { supervisor, all, alive, pass } = supervise()
  await supervisor.start(first)
  all[0]?.say({ kind: 'ready', id: 'one' })
  await pass(0)
  t.strictSame(alive(), [2, 3])
})
