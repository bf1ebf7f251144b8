// http-proxy with a keep-alive agent (`agent`), as it should be run; and with its defaults (`no-agent`).
import * as http from 'node:http'
import util from 'node:util'
import { serve, upstream } from './serve.mjs'

// Otherwise it prints a deprecation warning at its first request.
util._extend = Object.assign
const { default: httpProxy } = await import('http-proxy')

const agent = process.argv[3] === 'agent' ? { agent: new http.Agent({ keepAlive: true }) } : {}
const proxy = httpProxy.createProxyServer({ target: upstream, ...agent })
proxy.on('error', (_error, _request, response) => response.destroy())
serve((request, response) => proxy.web(request, response))
