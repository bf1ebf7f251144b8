/**
 * Milliseconds of CPU that some work of this process takes, scaled to the machine for which the limits were set. Other
 * processes do not count, nor does a slow machine: the time for a fixed piece of work is measured alongside. For limits that
 * distinguish work that grows with the length from work that grows with its square.
 */
export async function cpuMs(work: () => unknown): Promise<number> {
  const slowness = Math.max(1, (await spent(yardstick)) / YARDSTICK_MS)
  return (await spent(work)) / slowness
}

/** What the yardstick takes on a machine of 2020. */
const YARDSTICK_MS = 10

async function spent(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function yardstick(): number {
  let length = 0
  for (let nth = 0; nth < 60_000; nth++) length += `${nth}:${'a b'.repeat(3)}`.split(' ').join('-').indexOf('z')
  return length
}
