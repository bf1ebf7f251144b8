// The proxies. Each: `missing()` says why it cannot run here ('' = it can), `start` gives { port, pid }.
// `plainOnly`: knows no HTTP, so it takes only the rows that need none.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accepting, listening, startChild } from './children.mjs'
import { cores, findCommand, folder, freePort } from './machine.mjs'
import { nginxArgs } from './nginx.mjs'

const fileOf = name => fileURLToPath(new URL(name, import.meta.url))

export const PEERS = [
  { name: 'nginx', missing: () => lacks('nginx', 'nginx-light'), start: startNginx },
  { name: 'haproxy', missing: () => lacks('haproxy', 'haproxy'), start: startHaproxy },
  {
    name: 'empty-relay',
    plainOnly: true,
    missing: () => '',
    start: origin => startNode(fileOf('empty-relay.mjs'), [origin.port]),
  },
  {
    name: 'hopwise',
    missing: () => (existsSync(fileOf('../dist/bin/hopwise.js')) ? '' : 'it is not built (npm run build)'),
    start: origin =>
      startNode(fileOf('../dist/bin/hopwise.js'), [
        'reverse',
        urlOf(origin),
        '--listen',
        '127.0.0.1:0',
        '--access-log',
        'off',
      ]),
  },
  {
    name: 'http-proxy',
    missing: () => (existsSync(fileOf('../node_modules/http-proxy')) ? '' : 'the package is not installed'),
    start: origin => startNode(fileOf('http-proxy-peer.mjs'), [urlOf(origin)]),
  },
]

function lacks(command, debianPackage) {
  return findCommand(command) ? '' : `apt-get install ${debianPackage}`
}

function urlOf(origin) {
  return `http://127.0.0.1:${origin.port}`
}

async function startNode(file, args) {
  const child = startChild(cores.proxy, process.execPath, [file, ...args.map(String)])
  return { port: await listening(child), pid: child.pid }
}

async function startNginx(origin) {
  const port = await freePort()
  const http = `upstream origin { server 127.0.0.1:${origin.port}; keepalive 128; keepalive_requests 100000000; }`
  // Large bodies with buffers that suit them: nginx at its best, its defaults take two to three times the CPU there.
  const buffers =
    'proxy_buffers 16 32k; proxy_buffer_size 32k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0;'
  const pass =
    'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;'
  const server = `location / { ${pass} } location ~ ^/(64k|10m)$ { ${buffers} ${pass} }`
  const child = startChild(cores.proxy, findCommand('nginx'), nginxArgs(join(folder, 'nginx'), port, { http, server }))
  await accepting(child, port)
  return { port, pid: child.pid }
}

async function startHaproxy(origin) {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  http-reuse always
  server origin 127.0.0.1:${origin.port}
`,
  )
  const child = startChild(cores.proxy, findCommand('haproxy'), ['-db', '-f', file])
  await accepting(child, port)
  return { port, pid: child.pid }
}
