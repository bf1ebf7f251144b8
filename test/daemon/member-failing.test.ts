import { once } from 'node:events'
import * as http from 'node:http'
import * as net from 'node:net'
import { test } from 'tap'
import { ask, request } from '../support/conversation.js'
import { freePort } from '../support/ports.js'
import { type ServingHere, serveHere } from '../support/serving-here.js'

const file = (port: number, more = '') => `
admin: { address: 127.0.0.1:0 }
listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'], retries: 0${more} } }
`
const memberOf = async (here: ServingHere) => (await here.status()).groups[0].members[0]
const metricsOf = async (here: ServingHere, port: number) => {
  const { text } = await here.admin('/metrics')
  const labels = `group="app",member="http://127.0.0.1:${port}"`
  return (name: string, more = '') =>
    new RegExp(`^hopwise_member_${name}\\{${labels}${more}\\} (\\S+)$`, 'm').exec(text)?.[1]
}

test('the only server of a group failed seven times out of seven: it is not reported as up until it answers', async t => {
  const port = await freePort()
  const here = await serveHere(t, file(port))
  t.match(await memberOf(here), { state: 'up', checked: false, failuresInRow: 0, lastAnswerAt: undefined })
  const before = Date.now()
  for (let i = 0; i < 7; i++) t.match(await ask(t, here.port(), request('GET', '/')), { status: 502 })
  const member = await memberOf(here)
  t.match(member, {
    ...{ state: 'failing', checked: false, requests: 7, failures: 7, failuresInRow: 7, lastAnswerAt: undefined },
    lastFailure: { error: 'connection_refused', message: new RegExp(`127\\.0\\.0\\.1:${port}`) },
  })
  t.ok(member.lastFailure.at >= before - 1_000 && member.lastFailure.at <= Date.now() + 1_000, 'a time of day')
  const failing = await metricsOf(here, port)
  t.equal(failing('state', ',state="failing"'), '1')
  t.equal(failing('state', ',state="up"'), '0')
  t.equal(failing('failures_in_row'), '7')
  t.equal(failing('checked'), '0')
  t.equal(Number(failing('last_failure_time_seconds', ',error="connection_refused"')), member.lastFailure.at / 1_000)

  const origin = http.createServer((_request, response) => response.writeHead(503).end())
  t.teardown(() => origin.close().closeAllConnections())
  await new Promise<void>(done => origin.listen(port, '127.0.0.1', done))
  t.match(await ask(t, here.port(), request('GET', '/')), { status: 503 }, 'an answer, whatever it says')
  t.match(await memberOf(here), { state: 'up', failures: 7, failuresInRow: 0, lastAnswerAt: Number })
  const up = await metricsOf(here, port)
  t.equal(up('state', ',state="up"'), '1')
  t.equal(up('failures_in_row'), '0')
})

test('with a health check it is known to be up, or down, without a request', async t => {
  const port = await freePort()
  const here = await serveHere(t, file(port, ', healthCheck: { intervalMs: 500, timeoutMs: 500, healthyAfter: 1 }'))
  const becomes = (state: string) =>
    here.until(
      () => memberOf(here),
      member => member.state === state && member.checked,
    )
  t.match(await becomes('down'), { failuresInRow: 0, requests: 0 }, 'a check is not a request')
  const origin = http.createServer((_request, response) => void response.end())
  t.teardown(() => origin.close().closeAllConnections())
  await new Promise<void>(done => origin.listen(port, '127.0.0.1', done))
  t.match(await becomes('up'), { lastAnswerAt: Number, requests: 0 })
  t.equal((await metricsOf(here, port))('checked'), '1')
})

test('a failure whose request another server answered is not reported as not sent again', async t => {
  const breaks = net.createServer(socket => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1')
  const answers = http.createServer((_request, response) => response.end('b')).listen(0, '127.0.0.1')
  t.teardown(() => breaks.close())
  t.teardown(() => answers.close())
  const ports = []
  for (const server of [breaks, answers]) {
    if (!server.listening) await once(server, 'listening')
    ports.push((server.address() as net.AddressInfo).port)
  }
  const here = await serveHere(
    t,
    `
admin: { address: 127.0.0.1:0 }
listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }] }]
upstreams: { app: { servers: [${ports.map(port => `'http://127.0.0.1:${port}'`)}], retryOn: any } }
`,
  )
  for (let i = 0; i < 2; i++) t.match(await ask(t, here.port(), request('GET', '/')), { status: 200 })
  const [broken] = (await here.status()).groups[0].members
  t.match(broken.lastFailure, { error: 'connection_terminated', message: /before the response began$/ })
})
