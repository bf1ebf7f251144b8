import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { WebSocketServer } from 'ws'
import { startChromium } from '../support/chromium.js'
import { startHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const PAGE = `<!doctype html><html lang="ko"><meta charset="utf-8"><title>지속 커넥션</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/icon.png">
<h1>Hello</h1>${[1, 2, 3, 4].map(i => `<img src="/image-${i}.png" alt="">`).join('')}
<script src="/script.js"></script></html>`
const SCRIPT = `window.results = (async () => {
  const posted = await (await fetch('/echo', { method: 'POST', body: 'from the page' })).text()
  const streamed = await (await fetch('/stream')).text()
  const talked = await new Promise((done, failed) => {
    const socket = new WebSocket('ws://' + location.host + '/talk')
    socket.onopen = () => socket.send('hello')
    socket.onmessage = event => { done(event.data); socket.close() }
    socket.onerror = () => failed(new Error('no WebSocket'))
  })
  return { posted, streamed, talked }
})()`

test(
  'a browser browses through forward: page, style, script, images, POST, a stream and a WebSocket',
  needs('chromium'),
  async t => {
    const site = await startSite(t)
    const hopwise = await startHopwise(t, [
      'forward',
      '--allow',
      '127.0.0.1',
      '--connect-port',
      String(site.port),
      '--name',
      'test-hop',
    ])
    const browser = await startChromium(t, hopwise.url)
    const page = await browser.newPage()
    const broken: string[] = []
    page.on('requestfailed', request => broken.push(request.url()))
    await page.goto(`http://127.0.0.1:${site.port}/`, { waitUntil: 'load' })
    t.equal(await page.title(), '지속 커넥션')
    t.equal(
      await page.evaluate("getComputedStyle(document.querySelector('h1')).color"),
      'rgb(1, 2, 3)',
      'the style arrived',
    )
    t.same(await page.evaluate('[...document.images].map(it => it.naturalWidth)'), [1, 1, 1, 1], 'the images arrived')
    t.same(await page.evaluate('window.results'), {
      posted: 'from the page',
      streamed: 'one two three',
      talked: 'hello',
    })
    t.same(broken, [])
    await page.close()

    // The tunnel of the WebSocket is logged when it ends; it is not among the requests that the site counts.
    const logged = (await hopwise.exchanged(site.heads.length + 1)).map(
      it => `${it.method} ${it.target.replace(/^http:\/\/[^/]+/, '')}`,
    )
    for (const seen of [
      'GET /',
      'GET /style.css',
      'GET /script.js',
      'GET /image-4.png',
      'POST /echo',
      'GET /stream',
      `CONNECT 127.0.0.1:${site.port}`,
    ])
      t.ok(logged.includes(seen), `the proxy saw ${seen}`)
    t.ok(site.heads.length >= 9)
    for (const head of site.heads.filter(it => it.upgrade === undefined)) {
      t.match(head.via, '1.1 test-hop', 'R141: nothing went around the proxy')
      t.equal(head['proxy-connection'], undefined, 'R134: Proxy-Connection ends here')
    }
    t.ok(
      site.connections() < site.heads.length,
      `R74: ${site.connections()} connections for ${site.heads.length} requests`,
    )
  },
)

async function startSite(t: Test) {
  const heads: http.IncomingHttpHeaders[] = []
  let connections = 0
  const answers: Record<string, [string, string | Buffer]> = {
    '/': ['text/html; charset=utf-8', PAGE],
    '/style.css': ['text/css', 'h1 { color: rgb(1, 2, 3) }'],
    '/script.js': ['text/javascript', SCRIPT],
  }
  const server = http.createServer((request, response) => {
    heads.push(request.headers)
    response.setHeader('Cache-Control', 'no-store')
    if (request.url === '/echo') return request.pipe(response)
    if (request.url === '/stream') return stream(response, ['one ', 'two ', 'three'])
    const [type, content] = answers[request.url ?? ''] ?? ['image/png', PIXEL]
    response.setHeader('Content-Type', type).end(content)
  })
  server.on('connection', () => {
    connections += 1
  })
  const talk = new WebSocketServer({ server })
  talk.on('connection', peer => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    for (const peer of talk.clients) peer.terminate()
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, heads, connections: () => connections }
}

function stream(response: http.ServerResponse, parts: string[]): void {
  const [first, ...others] = parts
  if (first === undefined) response.end()
  else response.write(first, () => setTimeout(() => stream(response, others), 10))
}
