import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { packageFile } from './peers/node-peers.mjs'

/** Installs missing packages of the requested Node peers into bench/node_modules. If that fails, they are reported as missing. */
export function installPackages(peers) {
  const wanted = peers.filter(it => it.packageName && !packageFile(it.packageName))
  if (wanted.length === 0) return
  console.log(`fetching ${wanted.map(it => it.packageName).join(', ')} into bench/node_modules …`)
  const npm = process.env.npm_execpath
  const words = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...words]] : ['npm', words]
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], timeout: 120_000 })
}
