import t, { type Test } from 'tap'
import { fieldValues, headsBy } from './fields.js'
import { type Ran, ran } from './running.js'

const NAMED = ['meter', 'x-color', 'x-hop-note']

t.test(
  'several lines, any case, empty members, private tokens: all named fields die at hopwise, and no others',
  async t => {
    const run = await three(t)
    t.strictSame(namedThrough(run, 'hopwise'), [])
    t.equal(fieldValues(run, 'hopwise', 'proxy', 'X-Traveller')[0], 'for everybody')
    t.strictSame(fieldValues(run, 'hopwise', 'proxy', 'X-Answer-Note'), [], 'in the other direction too')
    t.equal(run.figure('hopwise', 'stored'), 0)
  },
)

t.test('all named fields arrive through the dumb proxy, and through stock http-proxy as measured here', async t => {
  const run = await three(t)
  for (const scene of ['dumb', 'stock']) {
    t.strictSame(namedThrough(run, scene), NAMED)
    t.equal(run.figure(scene, 'named'), 3)
    t.equal(run.figure(scene, 'stored'), 1, 'a cache would keep what the answer names')
  }
})

t.test('close among the options ends the connection of the client, and not the one to the origin', async t => {
  const run = await three(t)
  const toOrigin = (scene: string) => run.of('open', scene).filter(({ from }) => from === 'proxy').length
  t.equal(toOrigin('hopwise'), 1, 'one for both requests that it passed on')
  t.equal(toOrigin('dumb'), 3)
})

t.test('naming X-Forwarded-For deletes nothing that hopwise adds: it removes first and adds afterwards', async t => {
  const run = await three(t)
  t.strictSame(identity(run, 'hopwise'), { forwarded: ['127.0.0.1'], named: false })
  t.strictSame(identity(run, 'dumb'), { forwarded: ['203.0.113.9'], named: true })
  t.strictSame(identity(run, 'stock'), { forwarded: ['203.0.113.9,127.0.0.1'], named: false })
  const kept = await three(t, { stock: 'kept' })
  t.strictSame(
    identity(kept, 'stock'),
    { forwarded: ['203.0.113.9,127.0.0.1'], named: true },
    'with kept upstream connections it forwards the list: a next hop that obeys deletes what it added',
  )
})

t.test(
  'a field that frames or routes a request is never deleted by naming it: hopwise refuses the request',
  async t => {
    for (const named of ['content-length', 'transfer-encoding', 'host']) {
      const run = await three(t, { named })
      t.equal(run.figure('hopwise', 'status'), 400)
      t.notOk(
        headsBy(run, 'hopwise', 'proxy').find(({ startLine }) => startLine.includes('/framing')),
        'nothing of it reached the origin',
      )
    }
  },
)

t.test('a next hop that obeyed the dumb proxy’s list would read the content as another request', async t => {
  const run = await three(t)
  t.equal(run.figure('dumb', 'misread'), 'GET /hidden HTTP/1.1\r\nHost: origin\r\n\r\n'.length)
  t.equal(run.figure('stock', 'misread'), 0, 'it does not pass the list on')
  t.equal(run.figure('hopwise', 'misread'), 0)
})

t.test('a named end-to-end field is removed, as the standard demands', async t => {
  const run = await three(t, { named: 'cookie' })
  t.equal(run.figure('hopwise', 'status'), 200)
  t.strictSame(fieldValues(run, 'hopwise', 'proxy', 'Cookie'), [])
  t.strictSame(fieldValues(run, 'dumb', 'proxy', 'Cookie'), ['session=1'])
})

async function three(t: Test, knobs: Record<string, unknown> = {}): Promise<Ran> {
  const run = await ran(t, 'nominated', { knobs })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  return run
}

/** The named fields of the request with the lists, as the proxy sent it. */
function namedThrough(run: Ran, scene: string): string[] {
  const head = headsBy(run, scene, 'proxy').find(({ startLine }) => startLine.includes('/lists'))
  return NAMED.filter(named => head?.fields.some(({ name }) => name.toLowerCase() === named))
}

/** What the proxy sent of the request that names X-Forwarded-For. */
function identity(run: Ran, scene: string) {
  const { fields = [] } = headsBy(run, scene, 'proxy').find(({ startLine }) => startLine.includes('/identity')) ?? {}
  const values = (field: string) => fields.filter(({ name }) => name.toLowerCase() === field).map(({ value }) => value)
  return { forwarded: values('x-forwarded-for'), named: values('connection').some(value => /forwarded/i.test(value)) }
}
