import * as http from 'node:http'
import { createRequire } from 'node:module'
import util from 'node:util'
import type HttpProxy from 'http-proxy'
import type { Scene } from './bench.js'

let loaded: typeof HttpProxy | null = null

/** http-proxy from npm, unchanged, with an error handler as in its own examples. @returns its port */
export async function openStock(
  scene: Scene,
  target: string,
  { upstreamKeepAlive = false, xForwarded = false }: { upstreamKeepAlive?: boolean; xForwarded?: boolean },
): Promise<number> {
  const agent = upstreamKeepAlive ? new http.Agent({ keepAlive: true, maxSockets: 16 }) : undefined
  const proxy = stockHttpProxy().createProxyServer({ target, xfwd: xForwarded, ...(agent ? { agent } : {}) })
  proxy.on('error', (error, _request, response) => {
    if (!('writeHead' in response)) response.destroy()
    else if (response.headersSent) response.end()
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${error.message}\n`)
  })
  const server = http.createServer((request, response) => proxy.web(request, response))
  server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
  scene.bench.own(() => {
    server.close()
    server.closeAllConnections()
    agent?.destroy()
  })
  return scene.bench.listen(server)
}

/**
 * The package, loaded without its warning. It reads `util._extend` when it is loaded, and newer versions of Node warn when that
 * is called. `Object.assign` does the same, so the package gets that while it is being loaded; nothing else is changed, and no
 * other code sees it.
 */
export function stockHttpProxy(): typeof HttpProxy {
  if (loaded !== null) return loaded
  const held = util as { _extend?: unknown }
  const own = Object.getOwnPropertyDescriptor(held, '_extend')
  Object.defineProperty(held, '_extend', { value: Object.assign, configurable: true, writable: true })
  try {
    loaded = createRequire(import.meta.url)('http-proxy') as typeof HttpProxy
    return loaded
  } finally {
    if (own) Object.defineProperty(held, '_extend', own)
    else delete held._extend
  }
}
