import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { toPieces } from '../../lib/config/pieces.js'
import { type GatewayPlan, planOf } from '../../lib/config/plan.js'
import { HopwiseGateway } from '../../lib/daemon/gateway.js'
import { RefusedError } from '../../lib/daemon/gateway-types.js'
import type { Log } from '../../lib/daemon/logs/log.js'
import { compared, prepare, prepareSteps } from '../../lib/daemon/prepared.js'
import { atOnce } from '../../lib/policy/steps.js'
import { readText } from '../config/reading.js'

function planFor(port: number, routes: number, { prefix = '', servers = 20, limits = '' } = {}): GatewayPlan {
  const lines = Array.from(
    { length: routes },
    (_, i) => `      - {path: /p${i}, upstream: g${i % 50}${prefix === '' ? '' : `, setPrefix: ${prefix}`}}`,
  )
  const groups = Array.from({ length: 50 }, (_, g) => {
    const urls = Array.from({ length: servers }, (_, nth) => `http://127.0.${g}.${nth + 1}:${port}`)
    return `  g${g}: {servers: [${urls.join(', ')}]}`
  })
  const text = ['listeners:', '  - address: 127.0.0.1:0', '    routes:', ...lines, 'upstreams:', ...groups, limits]
  const { configuration, contents, findings } = readText(text.join('\n'))
  if (configuration === undefined) throw new Error(JSON.stringify(findings))
  return planOf(configuration, contents, 'secret')
}

async function originFor(t: Test): Promise<number> {
  const server = http.createServer((request, response) => response.end(request.url)).listen(0, '0.0.0.0')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise(resolve => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

const silent = () => {}
const log = {
  logger: { info: silent, warn: silent, error: silent, debug: silent, isLevelEnabled: () => false },
} as unknown as Log

function ask(port: number, path: string, agent: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, path, agent }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
  })
}

test('requests are answered while a new configuration is applied, and it is applied as a whole', async t => {
  const port = await originFor(t)
  const gateway = new HopwiseGateway(log, '1')
  t.teardown(() => gateway.destroy())
  const [bound] = await gateway.start(planFor(port, 10_000))
  const next = planFor(port, 10_000, { prefix: '/new' })
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  t.equal(await ask(bound!.port, '/p3999', agent), '/p3999')
  let isOver = false
  const update = gateway.update(next).finally(() => {
    isOver = true
  })
  const answers: string[] = []
  while (!isOver) {
    const answer = await ask(bound!.port, '/p3999', agent)
    if (!isOver) answers.push(answer)
  }
  t.ok(answers.length > 0)
  t.same(
    answers.filter(text => text !== '/p3999'),
    [],
    'as before, until the update is over',
  )
  t.match(await update, { changes: { groups: { total: 50, added: 0, changed: 0 } } })
  t.equal(await ask(bound!.port, '/p3999', agent), '/new/p3999')
})

test('a gateway that is told to end while a new configuration is being prepared refuses it', async t => {
  const gateway = new HopwiseGateway(log, '1')
  await gateway.start(planFor(1, 1_000))
  const update = gateway.update(planFor(1, 1_000, { prefix: '/new' }))
  const refused = t.rejects(update, new RefusedError(['hopwise is stopping']))
  await gateway.drain(0)
  await refused
})

test('a group that has not changed is not made again', async t => {
  const before = prepare(planFor(1, 1), null)
  const same = atOnce(prepareSteps(planFor(1, 2), null, before))
  t.ok(same.groups.every((group, nth) => group === before.groups[nth]))
  t.match(compared(before.madeOf, same.madeOf), { total: 50, added: 0, removed: 0, changed: 0 })
  const other = atOnce(prepareSteps(planFor(2, 2), null, before))
  t.notOk(other.groups.some((group, nth) => group === before.groups[nth]))
  t.match(compared(before.madeOf, other.madeOf), { total: 50, added: 0, removed: 0, changed: 50 })
  const limits = atOnce(prepareSteps(planFor(1, 2, { limits: 'limits: {upstreamIdleMax: 7}' }), null, before))
  t.equal(limits.groups[0]?.limits.upstreamIdleMax, 7, 'except for settings that it inherits from the file')
  t.match(compared(before.madeOf, limits.madeOf), { changed: 0 })
})

test('a removed group, and a new one', async t => {
  const [two, one] = [
    new Map([
      ['a', '1'],
      ['b', '1'],
    ]),
    new Map([['b', '2']]),
  ]
  t.same(compared(two, one), { total: 1, added: 0, removed: 1, changed: 1 })
  t.same(compared(one, two), { total: 2, added: 1, removed: 0, changed: 1 })
})

test('the plan of ten thousand routes is sent in pieces, none of which is large', async t => {
  t.ok(toPieces(planFor(1, 10_000)).every(({ length }) => length < 30_000))
})
