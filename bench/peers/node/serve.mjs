import * as http from 'node:http'

/** How long clients may be idle: nginx's default, in place of Node's 5 s. */
export const IDLE_MS = 75_000

/** Connections to the origin: as many as the busiest row has clients. */
export const CONNECTIONS = 1024

/** A Node server around a handler; prints its port. */
export function serve(handler) {
  const server = http.createServer(handler)
  server.keepAliveTimeout = IDLE_MS
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => sayPort(server.address().port))
}

export function sayPort(port) {
  console.log(JSON.stringify({ msg: 'listening', port }))
}

export const upstream = process.argv[2]
