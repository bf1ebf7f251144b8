import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

const MODULES = '/usr/lib/apache2/modules'

export const httpd = {
  name: 'httpd',
  missing: () =>
    lacks('apache2', 'apache2') ||
    (existsSync(MODULES) ? '' : `its modules are not in ${MODULES}, where Debian installs them`),
  version: () => versionOf('apache2', ['-v']),
  async start(origin) {
    const port = await freePort()
    const home = newHome('httpd')
    const file = join(home, 'httpd.conf')
    const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http']
    // One process; a request takes a thread while it lasts, an idle connection takes none.
    writeFileSync(
      file,
      `ServerRoot ${home}
ServerName 127.0.0.1
PidFile ${home}/httpd.pid
ErrorLog ${home}/error.log
LogLevel crit
Listen 127.0.0.1:${port}
ListenBacklog 4096
${modules.map(name => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
User www-data
Group www-data
ServerLimit 1
StartServers 1
ThreadLimit 256
ThreadsPerChild 256
MaxRequestWorkers 256
MinSpareThreads 1
MaxSpareThreads 256
AsyncRequestWorkerFactor 64
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 75
MaxKeepAliveRequests 0
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:${origin.port}/ enablereuse=on keepalive=on max=256 ttl=60
`,
    )
    const child = startChild(cores.proxy, findCommand('apache2'), ['-DFOREGROUND', '-f', file])
    return { child, port: await accepting(child, port) }
  },
}
