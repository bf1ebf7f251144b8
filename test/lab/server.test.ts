import { test } from 'tap'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import type { LabEvent } from '../../lib/lab/events.js'
import { visited } from './server-visitor.js'

const QUICK = { knobs: { timeout: 2 }, scale: 0.05 }

test('the page is served, and the descriptions of all experiments', async t => {
  const { ask } = await visited(t)
  const page = await ask('/')
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } })
  t.match(page.headers['content-security-policy'], /default-src 'none'/)
  const loaded = [...page.text.matchAll(/(?:src|href)="(\/[\w.-]+)"/g)].map(([, path = '']) => path)
  for (const path of [...loaded, '/api.js', '/stream.js', '/workbench.js', '/workbench.css'])
    t.match(await ask(path), { status: 200 }, path)
  const { status, headers, text } = await ask('/experiments')
  t.match({ status, type: headers['content-type'] }, { status: 200, type: 'application/json; charset=utf-8' })
  const told = JSON.parse(text)
  t.same(
    told.map(({ id }: { id: string }) => id),
    EXPERIMENTS.map(({ id }) => id),
  )
  t.same(
    Object.keys(told[0]).sort(),
    'answers change id knobs lesson question references timeMaxMs title watch'.split(' '),
    'and nothing else',
  )
  t.match(await ask('/experiments', { method: 'HEAD' }), { status: 200, text: '' })
})

test('a run is streamed live, from its first event to its verdict, and is then available as a whole', async t => {
  const { post, follow, ask, recording } = await visited(t)
  const { status, headers, text } = await post('/runs', { experiment: 'hang', ...QUICK })
  t.equal(status, 201)
  const { run } = JSON.parse(text)
  t.match(run, /^[\w-]{16}$/)
  t.equal(headers.location, `/runs/${run}`)
  const stream = await follow(run)
  t.equal(stream.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  await stream.closed
  t.ok(stream.ended())
  const { events, ids } = stream
  t.match(events[0], { kind: 'run', experiment: 'hang', knobs: { timeout: 2 }, scale: 0.05 })
  t.match(events.at(-1), { kind: 'verdict', outcome: 'observed' })
  t.same(
    ids,
    events.map((_, i) => i + 1),
  )
  t.same(await recording(run), events)
  t.match((await ask(`/runs/${run}`)).headers, {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': 'attachment; filename="hopwise-lab-hang.jsonl"',
  })
})

test('the events come while the run goes on, not when it is over', async t => {
  const { start, follow, ask } = await visited(t)
  const run = await start('hang', { knobs: { timeout: 30 }, scale: 10 })
  const stream = await follow(run)
  await stream.until(10)
  t.match(await ask(`/runs/${run}`), { status: 409, text: /not finished yet/ })
  t.notOk(stream.events.some(({ kind }) => kind === 'verdict'))
  t.notOk(stream.ended())
})

test('a broken stream continues after the last event that came', async t => {
  const { start, follow } = await visited(t)
  const run = await start('hang', { knobs: { timeout: 10 }, scale: 0.1 })
  const first = await follow(run)
  await first.until(5)
  first.leave()
  // More may have come by then: all of it, on a busy machine.
  const had = 5
  const second = await follow(run, { lastEventId: String(had) })
  await second.closed
  t.equal(second.ids[0], had + 1)
  t.equal(second.events.at(-1)?.kind, 'verdict')
  const third = await follow(run, { after: second.ids.at(-1)! - 1 })
  await third.closed
  t.same(third.events, second.events.slice(-1), 'a page says it in the query, which no browser sends by itself')
  for (const lastEventId of ['999999999', 'x', '-1', '1e3', ''])
    t.equal((await follow(run, { lastEventId })).status, 200, JSON.stringify(lastEventId))
  const beyond = await follow(run, { after: 999_999 })
  await beyond.closed
  t.same([beyond.events.length, beyond.ended()], [0, true])
})

test('a run can be stopped; its events until then are kept, with a verdict that says so', async t => {
  const { start, follow, ask } = await visited(t)
  const run = await start('hang', { knobs: { timeout: 30 }, scale: 10 })
  const stream = await follow(run)
  await stream.until(10)
  t.match(await ask(`/runs/${run}`, { method: 'DELETE' }), { status: 204, text: '' })
  await stream.closed
  t.match(stream.events.at(-1), {
    kind: 'verdict',
    outcome: 'not-observed',
    text: { en: /cancelled: it was stopped/, ko: /중단/ },
  })
  t.match(await ask(`/runs/${run}`, { method: 'DELETE' }), { status: 204 }, 'a second time does no harm')
  t.match(await ask(`/runs/${run}`), { status: 200 })
})

test('six learners at once: each recording is complete, and contains nothing of the others', async t => {
  const { start, follow } = await visited(t)
  const timeouts = [1, 2, 3, 4, 5, 6]
  const streams = await Promise.all(
    timeouts.map(async timeout => follow(await start('hang', { knobs: { timeout }, scale: 0.1 }))),
  )
  await Promise.all(streams.map(({ closed }) => closed))
  const seen = new Set<string>()
  for (const [i, { events, ids, ended }] of streams.entries()) {
    t.ok(ended())
    t.match(events[0], { kind: 'run', knobs: { timeout: timeouts[i] } })
    t.match(events.at(-1), { kind: 'verdict', outcome: 'observed' }, `${timeouts[i]} s`)
    t.same(
      ids,
      events.map((_, at) => at + 1),
    )
    t.same(kindsOf(events, 'scene').length, 2)
    for (const addresses of addressesOf(events)) {
      t.notOk(seen.has(addresses), `${addresses} belongs to one run`)
      seen.add(addresses)
    }
  }
  t.ok(seen.size >= 6 * 4)
})

test('a stream of the workbench is a stream like every other', async t => {
  const { post, follow, ask } = await visited(t)
  const choices = JSON.parse((await ask('/workbench')).text)
  t.match(choices, { methods: Array, hops: ['dumb', 'smart', 'stock', 'hopwise'], limits: { hops: 3 } })
  const { status, text } = await post('/workbench', { ...choices.presets[0].description, scale: 0.05 })
  t.equal(status, 201)
  const stream = await follow(JSON.parse(text).run)
  await stream.closed
  t.match(stream.events[0], { kind: 'run', experiment: 'workbench', scale: 0.05 })
  t.match(stream.events.at(-1), { kind: 'verdict', outcome: 'observed', text: { en: /Request 2 hung/ } })
})

function kindsOf(events: readonly LabEvent[], kind: LabEvent['kind']): LabEvent[] {
  return events.filter(event => event.kind === kind)
}

/** A connection has four values, and no other one has the same four at the same time. */
function addressesOf(events: readonly LabEvent[]): string[] {
  return events.flatMap(event => (event.kind === 'open' ? [event.addresses?.join(' ') ?? ''] : []))
}
