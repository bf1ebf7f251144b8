import { test } from 'tap'
import { CLOSED_PORTS, closedPortOf } from '../../lib/policy/closed-ports.js'

/** The "bad ports" of the Fetch standard, except 0, which no authority can have. */
const FETCH = [
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]
const MORE = [
  24, 194, 1433, 1521, 2003, 2181, 2525, 3306, 3493, 4730, 4949, 5038, 5432, 6082, 6379, 6600, 6660, 6661, 6662, 6663,
  6664, 8021, 9051, 9151, 11211, 11300, 26379, 27017,
]

test('the ports of the Fetch standard, and ours', async t => {
  t.same(
    [...CLOSED_PORTS.keys()].sort((a, b) => a - b),
    [...FETCH, ...MORE].sort((a, b) => a - b),
  )
  for (const service of CLOSED_PORTS.values()) t.match(service, /^[A-Za-z]/)
})

/** The latest additions to the standard: not every supported version of Node has them. */
const RECENT = new Set([4190, 6679])

test('fetch of Node refuses the same ones', async t => {
  for (const port of FETCH.filter(port => !RECENT.has(port))) {
    const fault: Error & { cause?: Error } = await fetch(`http://127.0.0.1:${port}/`).then(
      () => t.fail(`${port}`),
      error => error,
    )
    t.equal(fault.cause?.message, 'bad port', `${port}`)
  }
})

const none = new Set<number>()
for (const [authority, port] of [
  ['a.example', 0],
  ['a.example:', 0],
  ['a.example:80', 0],
  ['a.example:8080', 0],
  ['a.example:25', 25],
  ['a.example:0025', 25],
  ['a.example:65535', 0],
  ['[::1]', 0],
  ['[::25]', 0],
  ['[::1]:22', 22],
  ['25', 0],
] as const)
  test(`${authority}: ${port}`, async t => {
    t.equal(closedPortOf(authority, none), port)
    t.equal(closedPortOf(authority, new Set([22, 25])), 0)
  })
