import { existsSync, readdirSync, readFileSync } from 'node:fs'
import * as net from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where a command stands, also in /usr/sbin, or undefined. */
export function findCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

/** For configurations and what is served; gone after the bench. */
export const folder = join(tmpdir(), `hopwise-bench-${process.pid}`)

/** The proxy has a core for itself, where there are two and `taskset` can pin. */
export const cores = findCommand('taskset') && availableParallelism() > 1 ? { proxy: '0', others: '1' } : {}

/** A command pinned to a core: `[command, args]`. */
export function pinned(core, command, args) {
  return core === undefined ? [command, args] : [findCommand('taskset'), ['-c', core, command, ...args]]
}

/** CPU time of a process and all its children so far, in ns: the first figure of each thread's schedstat. */
export function cpuNs(pid) {
  let ns = 0
  for (const one of family(pid)) {
    for (const thread of listed(`/proc/${one}/task`))
      ns += Number(read(`/proc/${one}/task/${thread}/schedstat`).split(' ')[0])
  }
  return ns
}

/** Resident memory of a process and all its children now, in bytes. */
export function rssBytes(pid) {
  return family(pid).reduce(
    (sum, one) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0) * 1024,
    0,
  )
}

/** A port of loopback that was free a moment ago. */
export async function freePort() {
  const server = net.createServer()
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise(done => server.close(done))
  return port
}

function family(pid) {
  const children = listed(`/proc/${pid}/task`).flatMap(thread =>
    read(`/proc/${pid}/task/${thread}/children`).trim().split(' '),
  )
  return [pid, ...children.filter(Boolean).flatMap(child => family(child))]
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '0'
  }
}

function listed(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
