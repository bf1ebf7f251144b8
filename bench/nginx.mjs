import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes a configuration for one process in `home` and returns the arguments that start it. */
export function nginxArgs(home, port, { http = '', server }) {
  mkdirSync(home, { recursive: true })
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${home}/${name};`)
  const file = join(home, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${home}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  ${temp.join('\n  ')}
  access_log off;
  keepalive_requests 100000000;
  default_type text/plain;
  ${http}
  server { listen 127.0.0.1:${port} backlog=4096; ${server} }
}
`,
  )
  return ['-p', home, '-c', file, '-e', 'stderr']
}
