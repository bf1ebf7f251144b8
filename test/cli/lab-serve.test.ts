import * as http from 'node:http'
import * as net from 'node:net'
import t from 'tap'
import { spawnHopwise } from '../support/hopwise.js'

t.test('the page is served until a signal comes, and its address is a line', async t => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const hopwise = spawnHopwise(t, ['lab', 'serve', '--listen', '127.0.0.1:0'])
    const url = await hopwise.ready()
    await hopwise.logged(({ msg }) => msg === `open ${url}/ in a browser`)
    const response = await fetch(`${url}/experiments`)
    t.equal(response.status, 200)
    t.match(await response.json(), [{ id: String, title: { en: String, ko: String } }])
    hopwise.signal(signal)
    t.match(await hopwise.ended, { code: 0, err: '' })
  }
})

t.test('a run that is shown does not keep it', async t => {
  const hopwise = spawnHopwise(t, ['lab', 'serve', '--listen', '127.0.0.1:0'])
  const url = await hopwise.ready()
  const body = JSON.stringify({ experiment: 'hang', knobs: { timeout: 30 }, scale: 1 })
  const begun = await fetch(`${url}/runs`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  t.equal(begun.status, 201)
  const { run } = (await begun.json()) as { run: string }
  const events = await fetch(`${url}/runs/${run}/events`)
  await events.body?.getReader().read()
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0)
})

t.test('the next free port is taken when the wanted one is not free, and a wrong address is explained', async t => {
  const taken = net.createServer()
  t.teardown(() => taken.close())
  await new Promise<void>(done => taken.listen(0, '127.0.0.1', done))
  const { port } = taken.address() as net.AddressInfo
  const hopwise = spawnHopwise(t, ['lab', 'serve', '--listen', `127.0.0.1:${port}`])
  const url = await hopwise.ready()
  t.not(new URL(url).port, String(port))
  await hopwise.logged(({ msg }) => String(msg).startsWith(`port ${port} is in use: listening on `))

  const nowhere = spawnHopwise(t, ['lab', 'serve', '--listen', '192.0.2.1:8090'])
  t.match(await nowhere.ended, { code: 1, err: /Cannot listen on 192\.0\.2\.1:8090: this machine has no such address/ })
})

t.test('a name that it was told is answered, another one is not, and a wrong one is refused', async t => {
  const hopwise = spawnHopwise(t, ['lab', 'serve', '--listen', '127.0.0.1:0', '--known-as', 'Teacher-PC'])
  const { port } = new URL(await hopwise.ready())
  const asked = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { Host: `${host}:${port}` }
      http
        .get({ host: '127.0.0.1', port, path: '/experiments', headers, agent: false }, response => {
          response.resume()
          resolve(response.statusCode)
        })
        .on('error', reject)
    })
  t.equal(await asked('teacher-pc'), 200)
  t.equal(await asked('rebound.example'), 421)
  const wrong = spawnHopwise(t, ['lab', 'serve', '--known-as', 'teacher:8090'])
  t.match(await wrong.ended, {
    code: 2,
    err: /--known-as needs a host name without a port, such as .*, not "teacher:8090"/,
  })
})
