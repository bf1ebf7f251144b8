// http-proxy with an agent that keeps its connections (`agent`), how careful people run it; and as it comes (`no-agent`).
import * as http from 'node:http'
import util from 'node:util'
import { serve, upstream } from './serve.mjs'

// Otherwise it prints a deprecation at its first request.
util._extend = Object.assign
const { default: httpProxy } = await import('http-proxy')

const agent = process.argv[3] === 'agent' ? { agent: new http.Agent({ keepAlive: true }) } : {}
const proxy = httpProxy.createProxyServer({ target: upstream, ...agent })
proxy.on('error', (_error, _request, response) => response.destroy())
serve((request, response) => proxy.web(request, response))
