import * as http from 'node:http'
import httpProxy from 'http-proxy-3'
import { serve, upstream } from './serve.mjs'

const proxy = httpProxy.createProxyServer({ target: upstream, agent: new http.Agent({ keepAlive: true }) })
proxy.on('error', (_error, _request, response) => response.destroy())
serve((request, response) => proxy.web(request, response))
