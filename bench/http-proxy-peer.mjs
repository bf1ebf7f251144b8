// http-proxy with an agent that keeps its connections: how careful people run it.
import * as http from 'node:http'
import util from 'node:util'

// Otherwise it prints a deprecation at its first request.
util._extend = Object.assign
const { default: httpProxy } = await import('http-proxy')

const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
const proxy = httpProxy.createProxyServer({ target: process.argv[2], agent })
proxy.on('error', (_error, _request, response) => response.destroy())
const server = http.createServer((request, response) => proxy.web(request, response))
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port }))
})
