import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** The answers of the services in these tests: path, milliseconds until the head, then until the end. */
const PAGES: readonly (readonly [path: string, headMs: number, bodyMs: number])[] = [
  ['/', 4, 0],
  ['/assets/app.js', 2, 0],
  ['/api/items?page=2&token=s3cr3t', 30, 10],
  ['/api/search?q=shoes', 400, 250],
  ['/api/report.csv', 900, 1_600],
  ['/api/orders', 180, 20],
]

/** A service that takes its time, on a free port of this address. */
export async function startService(t: Test, host = '127.0.0.1'): Promise<number> {
  const server = http.createServer((request, response) => {
    const [, headMs, bodyMs] = PAGES.find(([path]) => path === request.url) ?? ['', 1, 0]
    response.setHeader('Content-Type', 'text/plain').setHeader('Set-Cookie', 'sid=31d4d96e407aad42; Path=/; HttpOnly')
    setTimeout(() => {
      response.write('so far')
      setTimeout(() => response.end(), bodyMs)
    }, headMs)
  })
  server.keepAliveTimeout = 5_000
  await new Promise<void>(done => server.listen(0, host, done))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Clients with one connection each that send a request, pause, and send the next, until the test ends. */
export function startClients(t: Test, port: number, count: number): void {
  let over = false
  const agents: http.Agent[] = []
  t.teardown(() => {
    over = true
    for (const agent of agents) agent.destroy()
  })
  for (let i = 0; i < count; i++) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    const ask = (nth: number) => {
      if (over) return
      const [path] = PAGES[(i + nth * 7) % PAGES.length]!
      const again = () => setTimeout(() => ask(nth + 1), 30 + ((i * 37 + nth * 101) % 900))
      const headers = {
        Host: 'shop.example',
        Connection: 'keep-alive, X-Debug',
        'X-Debug': '1',
        Cookie: 'sid=31d4d96e407aad42',
      }
      const method = path === '/api/orders' ? 'POST' : 'GET'
      const localAddress = process.platform === 'linux' ? `127.0.${1 + (i % 4)}.${10 + i}` : '127.0.0.1'
      const request = http.request(
        { port, host: '127.0.0.1', localAddress, path, method, agent, headers },
        response => {
          response
            .resume()
            .on('end', again)
            .on('error', () => {})
        },
      )
      request.on('error', again).end()
    }
    ask(0)
  }
}
