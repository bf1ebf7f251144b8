import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import * as net from 'node:net'
import { availableParallelism, cpus, release, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The path of a command, also in /usr/sbin, or undefined. */
export function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

/** '' if a command exists, otherwise how to install it. */
export function lacks(command, debianPackage) {
  return findCommand(command) ? '' : `apt-get install ${debianPackage}`
}

/** For configurations, logs and served files; removed after the bench. Readable by others (workers that dropped root). */
export const folder = mkdtempSync(join(tmpdir(), 'hopwise-bench-'))
chmodSync(folder, 0o755)

let homes = 0

/** A separate folder for one process. */
export function newHome(name) {
  homes += 1
  const home = join(folder, `${name}-${homes}`)
  mkdirSync(home, { recursive: true })
  return home
}

/** The proxy has its own core, if there are two and `taskset` is installed. */
export const cores = findCommand('taskset') && availableParallelism() > 1 ? { proxy: '0', others: '1' } : {}

/** A command pinned to a core: `[command, args]`. */
export function pinned(core, command, args) {
  return core === undefined ? [command, args] : [findCommand('taskset'), ['-c', core, command, ...args]]
}

/** A port of loopback that was free a moment ago. */
export async function freePort() {
  const server = net.createServer()
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise(done => server.close(done))
  return port
}

/** How many files a process may open here; connections are files. */
export function filesMax() {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
}

export function describeMachine() {
  const [cpu] = cpus()
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, Linux ${release()}, Node ${process.version}`
}
