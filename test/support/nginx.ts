import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startChild } from './child.js'
import { pathOf } from './needs.js'
import { freePort } from './ports.js'
import { tempFolder } from './temp-folder.js'

/** A real nginx with one worker: an origin that judges what hopwise sends. */
export interface Nginx {
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  /** The folder that it serves; put files there. */
  root: string
  /**
   * The access log, a line per request: `$connection $connection_requests $server_protocol "$request" $status` and what `log`
   * adds.
   */
  requests(): string[]
}

export interface NginxOptions {
  /** Whether each connection begins with the PROXY protocol. */
  proxyProtocol?: boolean
  /** Lines for the http block. */
  http?: string
  /** Lines for the server block. */
  server?: string
  /** Additional nginx variables for each line of the access log. */
  log?: string
  /** `name: content` of files to serve. */
  files?: Record<string, string | Uint8Array>
}

const TRIES = 5

export async function startNginx(t: Test, options: NginxOptions = {}): Promise<Nginx> {
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    const started = await start(t, port, options)
    if (started) return started
    if (tries === TRIES) throw new Error(`nginx found no free port in ${TRIES} tries`)
  }
}

async function start(
  t: Test,
  port: number,
  { proxyProtocol = false, http = '', server = '', log = '', files = {} }: NginxOptions,
): Promise<Nginx | undefined> {
  const home = tempFolder(t)
  const root = join(home, 'site')
  mkdirSync(root, { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content)
  writeFileSync(
    join(home, 'nginx.conf'),
    config({ listen: `127.0.0.1:${port}${proxyProtocol ? ' proxy_protocol' : ''}`, home, root, http, server, log }),
  )
  const child = startChild(t, pathOf('nginx'), ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr'])
  let over = false
  child.ended.then(() => {
    over = true
  })
  // nginx writes its id when all its ports are open: the first of several may accept before the last one does.
  while (!existsSync(join(home, 'nginx.pid')) || !(await accepts(port))) {
    if (over && /Address already in use/.test(child.err())) return undefined
    if (over) throw new Error(`nginx did not start: ${child.err()}`)
    await new Promise(done => setTimeout(done, 20))
  }
  const requests = () => readFileSync(join(home, 'access.log'), 'utf8').split('\n').slice(0, -1)
  return { port, url: `http://127.0.0.1:${port}`, root, requests }
}

function config({
  listen,
  home,
  root,
  http,
  server,
  log,
}: {
  listen: string
  home: string
  root: string
  http: string
  server: string
  log: string
}): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${home}/${name};`)
  // No master: a single process, which ends when it is killed.
  return `daemon off;
master_process off;
pid ${home}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  ${temp.join('\n  ')}
  types { text/html html; text/css css; text/javascript js; image/png png; image/svg+xml svg; }
  default_type application/octet-stream;
  log_format facts '$connection $connection_requests $server_protocol "$request" $status ${log}';
  access_log ${home}/access.log facts;
  client_max_body_size 0;
  ${http}
  server {
    listen ${listen};
    root ${root};
    ${server}
  }
}
`
}

async function accepts(port: number): Promise<boolean> {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => done(true)).on('error', () => done(false))
    socket.on('connect', () => socket.destroy())
  })
}
