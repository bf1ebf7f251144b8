import fastifyHttpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { CONNECTIONS, IDLE_MS, sayPort, upstream } from './serve.mjs'

const app = fastify({ logger: false, keepAliveTimeout: IDLE_MS })
app.register(fastifyHttpProxy, { upstream, undici: { connections: CONNECTIONS, pipelining: 1 } })
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
sayPort(app.server.address().port)
