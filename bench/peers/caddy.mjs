import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

export const caddy = {
  name: 'caddy',
  missing: () => lacks('caddy', 'caddy'),
  version: () => versionOf('caddy', ['version']),
  async start(origin) {
    const port = await freePort()
    const home = newHome('caddy')
    const file = join(home, 'Caddyfile')
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
  log {
    level ERROR
  }
  servers {
    protocols h1
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${origin.port} {
    transport http {
      keepalive_idle_conns_per_host 1024
    }
  }
}
`,
    )
    const env = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, GOMAXPROCS: '1' }
    const args = ['run', '--adapter', 'caddyfile', '--config', file]
    const child = startChild(cores.proxy, findCommand('caddy'), args, { env })
    return { child, port: await accepting(child, port) }
  },
}
