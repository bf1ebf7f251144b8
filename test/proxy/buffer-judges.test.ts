import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { startChild } from '../support/child.js'
import { exchange, request } from '../support/conversation.js'
import { needs, pathOf } from '../support/needs.js'
import { routed } from './fleet.js'

// Third-party servers report what they received of chunked content.

const CHUNKED = `${request('POST', '/', 'Transfer-Encoding: chunked')}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`

test('R42: Node gets gathered chunks with a length', async t => {
  const server = createServer((asked, answer) => {
    let content = ''
    asked.on('data', piece => (content += piece))
    asked.on('end', () =>
      answer.end(`${asked.headers['content-length']} ${asked.headers['transfer-encoding']} ${content}`),
    )
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { connect } = await routed(t, { routes: [{ upstream, bufferRequestBytes: 100 }] })
  t.equal(String((await exchange(await connect(), CHUNKED)).content), '11 undefined hello world')
})

const WSGI = `
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
class Quiet(WSGIRequestHandler):
    def log_message(self, *args): pass
def app(environ, start_response):
    length = environ.get('CONTENT_LENGTH') or '0'
    content = environ['wsgi.input'].read(int(length))
    text = ('%s %s' % (length, content.decode())).encode()
    start_response('200 OK', [('Content-Length', str(len(text)))])
    return [text]
server = make_server('127.0.0.1', 0, app, handler_class=Quiet)
print('port %d' % server.server_port, flush=True)
server.serve_forever()
`

test('R42: a WSGI server, which reads no chunks, gets all of it', needs('python3'), async t => {
  const child = startChild(t, pathOf('python3'), ['-c', WSGI])
  const line = await child.line(text => text.startsWith('port '))
  const upstream = `http://127.0.0.1:${line.slice('port '.length)}`
  for (const [bufferRequestBytes, told] of [
    [100, '11 hello world'],
    [0, '0 '],
  ] as const) {
    const { connect } = await routed(t, { routes: [{ upstream, bufferRequestBytes }] })
    t.equal(String((await exchange(await connect(), CHUNKED)).content), told)
  }
})
