import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

export const haproxy = {
  name: 'haproxy',
  logs: true,
  missing: () => lacks('haproxy', 'haproxy'),
  version: () => versionOf('haproxy', ['-v']),
  async start(origin, { log }) {
    const port = await freePort()
    const file = join(newHome('haproxy'), 'haproxy.cfg')
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 11000
  no strict-limits
  ${log ? 'log stdout len 1024 format raw local0 info' : ''}
defaults
  mode http
  ${log ? 'log global\n  option httplog' : ''}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 75s
frontend f
  bind 127.0.0.1:${port} backlog 4096
  default_backend b
backend b
  http-reuse always
  server origin 127.0.0.1:${origin.port}
`,
    )
    // It cannot log to a file itself: its standard output is the file.
    const child = startChild(cores.proxy, findCommand('haproxy'), ['-db', '-f', file], { stdoutFile: log })
    return { child, port: await accepting(child, port) }
  },
}
