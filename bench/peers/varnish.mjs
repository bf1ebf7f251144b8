import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, startChild } from '../children.mjs'
import { cores, findCommand, freePort, lacks, newHome } from '../machine.mjs'
import { versionOf } from './version.mjs'

export const varnish = {
  name: 'varnish',
  missing: () => lacks('varnishd', 'varnish') || lacks('cc', 'gcc'),
  version: () => versionOf('varnishd', ['-V']),
  async start(origin) {
    const port = await freePort()
    const home = newHome('varnish')
    const file = join(home, 'pass.vcl')
    // The cache is not measured: everything passes.
    writeFileSync(
      file,
      `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${origin.port}"; }
sub vcl_recv { return (pass); }
`,
    )
    const parameters = { thread_pools: 1, thread_pool_min: 128, thread_pool_max: 1100, timeout_idle: 75 }
    const child = startChild(cores.proxy, findCommand('varnishd'), [
      ...['-F', '-n', join(home, 'work'), '-a', `127.0.0.1:${port}`, '-f', file, '-s', 'default,1m'],
      // Two threads for each request: the client's, and one that fetches.
      ...Object.entries(parameters).flatMap(([name, value]) => ['-p', `${name}=${value}`]),
    ])
    return { child, port: await accepting(child, port) }
  },
}
