import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

export const nginx = {
  name: 'nginx',
  logs: true,
  missing: () => lacks('nginx', 'nginx-light'),
  version: () => versionOf('nginx', ['-v']),
  async start(origin, { log }) {
    const port = await freePort()
    const http = `upstream origin { server 127.0.0.1:${origin.port}; keepalive 1024; keepalive_requests 100000000; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  client_max_body_size 0;`
    // Larger buffers for large bodies, and unbuffered uploads: with its defaults these take two to three times the CPU.
    const large =
      'proxy_buffers 16 32k; proxy_buffer_size 32k; proxy_busy_buffers_size 64k; proxy_max_temp_file_size 0;'
    const flow = 'proxy_request_buffering off; client_body_buffer_size 256k;'
    const server = `location / { proxy_pass http://origin; }
    location ~ ^/(64k|10m|32m)$ { ${large} proxy_pass http://origin; }
    location ~ ^/(upload|chunked)$ { ${flow} proxy_pass http://origin; }`
    // Buffered logging, as its documentation recommends under load.
    const logging = log ? `access_log ${log} combined buffer=64k flush=1s;` : 'access_log off;'
    const args = nginxArgs(newHome('nginx'), port, { http, server, logging })
    const child = startChild(cores.proxy, findCommand('nginx'), args)
    return { child, port: await accepting(child, port) }
  },
}

/** Writes a configuration for one worker in `home` and returns the arguments that start it. */
export function nginxArgs(home, port, { http = '', server, logging = 'access_log off;' }) {
  mkdirSync(home, { recursive: true })
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${home}/${name};`)
  const file = join(home, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log stderr crit;
events { worker_connections 12000; }
http {
  ${temp.join('\n  ')}
  ${logging}
  keepalive_requests 100000000;
  default_type text/plain;
  ${http}
  server { listen 127.0.0.1:${port} backlog=4096; ${server} }
}
`,
  )
  return ['-p', home, '-c', file, '-e', 'stderr']
}
