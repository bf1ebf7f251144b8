// Keeps its connections by default.
import { createProxyServer } from 'httpxy'
import { serve, upstream } from './serve.mjs'

const proxy = createProxyServer({ target: upstream })
serve((request, response) => proxy.web(request, response).catch(() => response.destroy()))
