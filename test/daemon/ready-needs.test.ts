import * as http from 'node:http'
import { test } from 'tap'
import { freePort } from '../support/ports.js'
import { type ServingHere, serveHere } from '../support/serving-here.js'

const file = (port: number, admin = '') => `
admin: { address: 127.0.0.1:0${admin} }
listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }] }]
upstreams:
  app:
    servers: ['http://127.0.0.1:${port}']
    healthCheck: { intervalMs: 500, timeoutMs: 500, healthyAfter: 2, unhealthyAfter: 2 }
`

async function becomes(here: ServingHere, status: number, says: RegExp): Promise<string> {
  const isSo = (answer: { status: number; text: string }) => answer.status === status && says.test(answer.text)
  return (await here.until(() => here.admin('/readyz'), isSo)).text
}

async function open(port: number): Promise<http.Server> {
  const server = http.createServer((_request, response) => void response.end())
  await new Promise<void>(done => server.listen(port, '127.0.0.1', done))
  return server
}

test('every server of a needed group is down: not ready if the file says so, and reported the same everywhere', async t => {
  const port = await freePort()
  const here = await serveHere(t, file(port, ', readyNeeds: [app]'))
  t.equal(await becomes(here, 503, /are down/), 'all servers of upstreams.app are down\n')
  t.match(await here.status(), { ready: false, reason: 'all servers of upstreams.app are down' })
  t.match((await here.admin('/metrics')).text, /^hopwise_ready 0$/m)
  t.match(await here.admin('/healthz'), { status: 200 }, 'but alive')

  const server = await open(port)
  await becomes(here, 200, /^ready$/m)
  t.match((await here.admin('/metrics')).text, /^hopwise_ready 1$/m)
  server.close().closeAllConnections()
  await becomes(here, 503, /are down/)

  t.match(await here.reload(file(port)), { accepted: true })
  t.match(await here.admin('/readyz'), { status: 200 }, 'after a reload that no longer needs it')
  t.match(await here.reload(file(port, ', readyNeeds: [app]')), { accepted: true })
  t.match(await here.admin('/readyz'), { status: 503 })
  t.notMatch((await here.ended()).map(({ msg }) => msg).join('\n'), 'after a restart')
})

test('by default readiness does not depend on servers', async t => {
  const here = await serveHere(t, file(await freePort()))
  await here.until(
    () => here.status(),
    ({ groups, ready }) => {
      t.equal(ready, true)
      return groups[0].members[0].state === 'down'
    },
  )
  t.match(await here.admin('/readyz'), { status: 200, text: 'ready\n' })
})
