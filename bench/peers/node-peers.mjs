// The proxies that are npm packages, and the empty relay. The packages are in bench/node_modules: see install.mjs.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { said, startChild } from '../children.mjs'
import { cores } from '../machine.mjs'
import { versionIn } from './version.mjs'

const require = createRequire(import.meta.url)

export const emptyRelay = {
  name: 'empty-relay',
  jit: true,
  plainOnly: true,
  missing: () => '',
  version: () => process.version.slice(1),
  start: origin => start('empty-relay.mjs', [origin.port]),
}

export const NODE_PEERS = [
  nodePeer('http-proxy', 'http-proxy', 'http-proxy.mjs', ['agent']),
  nodePeer('http-proxy-no-agent', 'http-proxy', 'http-proxy.mjs', ['no-agent']),
  nodePeer('http-proxy-3', 'http-proxy-3', 'http-proxy-3.mjs'),
  nodePeer('httpxy', 'httpxy', 'httpxy.mjs'),
  nodePeer('fast-proxy', 'fast-proxy', 'fast-proxy.mjs'),
  nodePeer('fastify-http-proxy', '@fastify/http-proxy', 'fastify-http-proxy.mjs'),
]

function nodePeer(name, packageName, file, args = []) {
  return {
    name,
    jit: true,
    packageName,
    missing: () => (packageFile(packageName) ? '' : 'its package is missing: npm ci --prefix bench'),
    version: () => versionIn(packageFile(packageName)),
    start: origin => start(file, [origin.url, ...args]),
  }
}

/** The path of a package's package.json, or undefined. Not every package exports that file. */
export function packageFile(packageName) {
  for (const path of require.resolve.paths(packageName) ?? []) {
    try {
      return require.resolve(join(path, packageName, 'package.json'))
    } catch {}
  }
  return undefined
}

async function start(file, args) {
  const path = join(dirname(fileURLToPath(import.meta.url)), 'node', file)
  const env = { NODE_ENV: 'production' }
  const child = startChild(cores.proxy, process.execPath, [path, ...args.map(String)], { env })
  return { child, port: (await said(child, 'listening')).port }
}
