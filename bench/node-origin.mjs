// An origin for machines without nginx.
import * as http from 'node:http'

const CONTENT = {
  '/small': Buffer.from('hello world\n'),
  '/64k': Buffer.alloc(65_536, 'x'),
  '/10m': Buffer.alloc(10 * 2 ** 20, 'x'),
}

const server = http.createServer((request, response) => {
  const content = CONTENT[request.url] ?? CONTENT['/small']
  response.setHeader('Content-Length', content.length)
  response.end(content)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ msg: 'listening', port: server.address().port })))
