import t from 'tap'
import { type Ran, ran } from './running.js'

/** Connections that were seen in a scene, on one side of the proxy. */
function opened(run: Ran, scene: string, from: 'client' | 'proxy'): number {
  return run.of('open', scene).filter(event => event.from === from).length
}

/** How many messages of a party on one side said close. */
function closes(run: Ran, scene: string, by: string, ofClient: boolean): number {
  const sides = new Map(run.of('open', scene).map(({ connection, from }) => [connection, from === 'client']))
  return run
    .of('bytes', scene)
    .filter(event => event.by === by && sides.get(event.connection) === ofClient)
    .filter(({ text }) => /\r\nconnection: close\r\n/i.test(text)).length
}

t.test('a server that closes each time: through hopwise the connection of the client stays', async t => {
  const run = await ran(t, 'two-sides', { knobs: { requests: 5 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(opened(run, 'upstream-hopwise', 'client'), 1)
  t.equal(opened(run, 'upstream-hopwise', 'proxy'), 5)
  t.equal(closes(run, 'upstream-hopwise', 'origin', false), 5, 'the server said close')
  t.equal(closes(run, 'upstream-hopwise', 'proxy', true), 0, 'and hopwise did not pass it on')
  t.equal(run.figure('upstream-hopwise', 'client'), 1)
  t.equal(run.figure('upstream-hopwise', 'upstream'), 5)
  t.equal(run.figure('upstream-hopwise', 'answered'), 5)
})

t.test('a client that closes each time: through hopwise one upstream connection serves all', async t => {
  const run = await ran(t, 'two-sides', { knobs: { requests: 3 } })
  t.equal(opened(run, 'client-hopwise', 'client'), 3)
  t.equal(opened(run, 'client-hopwise', 'proxy'), 1)
  t.equal(closes(run, 'client-hopwise', 'client', true), 3, 'the client said close')
  t.equal(closes(run, 'client-hopwise', 'proxy', false), 0, 'and hopwise did not pass it on')
  const upstream = run.of('open', 'client-hopwise').find(({ from }) => from === 'proxy')?.connection
  t.equal(run.of('closed', 'client-hopwise').filter(({ connection }) => connection === upstream).length, 0)
})

for (const agent of ['keeping', 'none'])
  t.test(`through stock http-proxy (${agent}) what happens on one side happens on the other`, async t => {
    const run = await ran(t, 'two-sides', { knobs: { requests: 3, agent } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(opened(run, 'upstream-stock', 'client'), 3)
    t.equal(closes(run, 'upstream-stock', 'proxy', true), 3, 'the close of the server was passed on')
    t.equal(opened(run, 'client-stock', 'proxy'), 3)
    t.equal(closes(run, 'client-stock', 'proxy', false), 3, 'the close of the client was passed on')
    const asked = closes(run, 'upstream-stock', 'proxy', false)
    t.equal(asked, agent === 'none' ? 3 : 0, 'without an agent it asks the server to close by itself')
  })
