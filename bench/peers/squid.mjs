import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, filesMax, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

export const squid = {
  name: 'squid',
  missing: () => lacks('squid', 'squid'),
  version: () => versionOf('squid', ['-v']),
  async start(origin) {
    const port = await freePort()
    const home = newHome('squid')
    // It drops root before it writes.
    chmodSync(home, 0o777)
    const file = join(home, 'squid.conf')
    writeFileSync(
      file,
      `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1
cache_peer 127.0.0.1 parent ${origin.port} 0 no-query no-digest originserver name=origin
acl all_of_them src 127.0.0.0/8
http_access allow all_of_them
cache_peer_access origin allow all_of_them
never_direct allow all_of_them
cache deny all
cache_mem 8 MB
access_log none
cache_log ${home}/cache.log
cache_store_log none
pid_filename ${home}/squid.pid
coredump_dir ${home}
pinger_enable off
client_persistent_connections on
server_persistent_connections on
max_filedescriptors ${Math.min(filesMax(), 20_000)}
visible_hostname bench
shutdown_lifetime 0 seconds
`,
    )
    // A unique service name: its shared memory and lock files are named after it.
    const args = ['-N', '-n', `bench${process.pid}x${port}`, '-f', file]
    const child = startChild(cores.proxy, findCommand('squid'), args)
    return { child, port: await accepting(child, port) }
  },
}
