// What the kernel reports about processes. A process includes its threads and all its children.
import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ: /proc/PID/stat counts in hundredths of a second on every Linux that Node runs on. */
const TICK_NS = 10_000_000

/**
 * CPU time so far. `ns` is exact while no thread ends: the sum of each thread's schedstat. The time of threads that have
 * ended is only in stat, in hundredths of a second.
 */
export function cpuSpent(pid) {
  const spent = { ns: 0, userNs: 0, systemNs: 0 }
  for (const one of family(pid)) {
    for (const thread of listed(`/proc/${one}/task`))
      spent.ns += Number(read(`/proc/${one}/task/${thread}/schedstat`).split(' ')[0])
    const stat = statOf(one)
    spent.userNs += Number(stat[11] ?? 0) * TICK_NS
    spent.systemNs += Number(stat[12] ?? 0) * TICK_NS
  }
  return spent
}

/** The time spent between two readings. Threads that ended in between are only in stat. */
export function cpuBetween(before, after) {
  const userNs = after.userNs - before.userNs
  const systemNs = after.systemNs - before.systemNs
  const exact = after.ns - before.ns
  const coarse = userNs + systemNs
  return { ns: coarse - exact > 4 * TICK_NS ? coarse : exact, userNs, systemNs }
}

/** Resident memory now, in bytes. Pages that processes share count once for each. */
export function rssBytes(pid) {
  return family(pid).reduce(
    (sum, one) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0) * 1024,
    0,
  )
}

/** Time that a core was not idle, in ns, whichever process used it; 0 if the core is not known. */
export function coreBusyNs(core) {
  const line = core === undefined ? undefined : new RegExp(`^cpu${core} (.+)$`, 'm').exec(read('/proc/stat'))?.[1]
  if (!line) return 0
  const [user, nice, system, , , irq, softirq, steal] = line.trim().split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK_NS
}

/** A process and all its descendants. */
export function family(pid) {
  const children = listed(`/proc/${pid}/task`).flatMap(thread =>
    read(`/proc/${pid}/task/${thread}/children`).trim().split(' '),
  )
  return [pid, ...children.filter(it => Number(it) > 0).flatMap(child => family(Number(child)))]
}

/** A process and its descendants, with their start times: a process id alone may be reused later. */
export function identities(pid) {
  return family(pid).map(one => ({ pid: one, started: statOf(one)[19] }))
}

/** Kills those that are still the same processes. */
export function killAll(known) {
  for (const { pid, started } of known) {
    if (started === undefined || statOf(pid)[19] !== started) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {}
  }
}

/** The fields of stat after the command's name, which may contain spaces. */
function statOf(pid) {
  return read(`/proc/${pid}/stat`).split(') ').at(-1).split(' ')
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
