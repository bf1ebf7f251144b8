import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import type { HouseFile } from './read-house.js'

/** The floors of docs/architecture.md. A new folder of lib/ needs its line here. */
const FLOORS: Readonly<Record<string, number>> = {
  'lib/wire': 0,
  'lib/policy': 1,
  'lib/link': 2,
  'lib/net': 3,
  'lib/proxy': 4,
  'lib/pages': 5,
  'lib/peers': 5,
  'lib/config': 5,
  'lib/daemon': 6,
  'lib/admin': 6,
  'lib/lab': 6,
  'lib/probe': 6,
  'lib/http-proxy': 6,
  'lib/cli': 7,
  bin: 7,
  // lib/index.ts: the entry point for programs. It only re-exports what is inside.
  lib: 7,
}
const FIRST_FLOOR_OF_SOCKETS = 3
const DOORS = 6
const DOOR_TO_DOOR = [['lib/daemon', 'lib/admin']]
/** Packages without I/O, clock or randomness: allowed below floor 3, on the given floor. */
const PURE_PACKAGES: Readonly<Record<string, number>> = { 'ipaddr.js': 1, 'structured-headers': 1 }

export function arrowsUp(files: readonly HouseFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const own = floorOf(path)
    if (own === undefined) return [`${path} has no floor: give its folder one in house-plan.ts`]
    return imports.filter(inHouse).flatMap(other => {
      const floor = floorOf(other) ?? Number.POSITIVE_INFINITY
      if (folderOf(other) === folderOf(path) || floor < own) return []
      if (own === FLOORS.bin && floor === own) return []
      if (own !== DOORS || floor !== DOORS) return [`${path} (floor ${own}) imports ${other} (floor ${floor})`]
      const permitted = DOOR_TO_DOOR.some(([from, to]) => from === folderOf(path) && to === folderOf(other))
      return permitted ? [] : [`${path} (floor ${own}) imports ${other}: one door does not import another`]
    })
  })
}

/** Folders that must not import each other, whatever their floors. */
const APART: readonly (readonly [string, string])[] = [['lib/net/client/', 'lib/net/upstream/']]

/** Exceptions that may import from the other wing, and why. */
const CROSSES: Readonly<Record<string, string>> = {
  'lib/net/client/client-stream.ts':
    'upstream connections that a client has authenticated on end with its own (RFC 4559 6)',
}

/** Imports of types count too: a file that uses a type depends on it. */
export function crossings(files: readonly HouseFile[]): string[] {
  const across = (path: string, other: string): boolean =>
    APART.some(
      ([one, two]) =>
        (path.startsWith(one) && other.startsWith(two)) || (path.startsWith(two) && other.startsWith(one)),
    )
  return files
    .filter(({ path }) => !Object.hasOwn(CROSSES, path))
    .flatMap(({ path, imports }) =>
      imports.filter(other => across(path, other)).map(other => `${path} imports ${other}`),
    )
}

/**
 * Cycles of loaded files. (Two files of one folder may import each other's types, as a pool and its connections do.)
 * Each cycle is listed once, starting with its alphabetically first file.
 */
export function cycles(files: readonly HouseFile[]): string[] {
  const imports = new Map(files.map(file => [file.path, file.loads.filter(inHouse)]))
  const found = new Set<string>()
  const done = new Set<string>()
  const walk = (path: string, way: string[]) => {
    const again = way.indexOf(path)
    if (again >= 0) found.add(fromFirst(way.slice(again)))
    if (again >= 0 || done.has(path)) return
    for (const next of imports.get(path) ?? []) walk(next, [...way, path])
    done.add(path)
  }
  for (const { path } of files) walk(path, [])
  return [...found]
}

/** Files that import each other in a cycle, types included, and why. No others do. */
const KNOTS: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  {
    files: ['client-connection', 'client-pool', 'connection-setup', 'http1-client-stream'].map(inClient),
    reason: 'a pool and its connections; a connection is being set up, then carries streams',
  },
  {
    files: [
      ...['http1-upstream-stream', 'logins', 'origin-dialer', 'origin-pool', 'upstream-connection'],
      ...['upstream-pool', 'upstream-shared', 'upstream-stream', 'upstream-waiter'],
    ].map(inUpstream),
    reason: 'the same toward upstreams; the clients that wait for one, and those that have logged in on one',
  },
  {
    files: ['bench', 'client', 'origin', 'proxies', 'relay', 'smart', 'stock'].map(name => `lib/lab/${name}.ts`),
    reason: 'the bench opens the parties of an experiment, and they report to it',
  },
]

function inClient(name: string): string {
  return `lib/net/client/${name}.ts`
}

function inUpstream(name: string): string {
  return `lib/net/upstream/${name}.ts`
}

/** Cycles of imports, those of types included, that are not listed; and listed files that are in no cycle. */
export function knots(
  files: readonly HouseFile[],
  listed: readonly { readonly files: readonly string[] }[] = KNOTS,
): string[] {
  const found = cyclesOf(new Map(files.map(({ path, imports }) => [path, imports.filter(inHouse)])))
  const isListed = (cycle: readonly string[]) => listed.some(knot => cycle.every(path => knot.files.includes(path)))
  const tied = new Set(found.flat())
  return [
    ...found.filter(cycle => !isListed(cycle)).map(cycle => cycle.join(', ')),
    ...listed
      .flatMap(knot => knot.files)
      .filter(path => !tied.has(path))
      .map(path => `${path} is in no cycle`),
  ]
}

/** The sets of files each of which reaches every other of its set (Tarjan's strongly connected components), sorted. */
function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []
  const visit = (path: string): number => {
    const number = order.size
    let low = number
    order.set(path, number)
    open.push(path)
    for (const next of imports.get(path) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (open.includes(next)) low = Math.min(low, order.get(next)!)
    }
    if (low === number) {
      const cycle = open.splice(open.indexOf(path))
      if (cycle.length > 1) found.push(cycle.sort())
    }
    return low
  }
  for (const path of imports.keys()) if (!order.has(path)) visit(path)
  return found
}

export function impurities(files: readonly HouseFile[]): string[] {
  return pure(files).flatMap(({ path, imports, globals }) => [
    ...imports.filter(isBuiltin).map(it => `${path} imports ${it}`),
    ...globals.map(it => `${path} uses ${it}`),
  ])
}

/** @param dependencies the packages that package.json depends on at run time */
export function strangers(files: readonly HouseFile[], dependencies: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports }) => {
    const floor = floorOf(path) ?? 0
    return imports
      .filter(it => !inHouse(it) && !isBuiltin(it))
      .flatMap(it => {
        if (!dependencies.has(it)) return [`${path} imports ${it}, which package.json does not depend on`]
        const allowed = floor >= FIRST_FLOOR_OF_SOCKETS || PURE_PACKAGES[it] === floor
        return allowed ? [] : [`${path} (floor ${floor}) imports ${it}: not one of the pure packages`]
      })
  })
}

export function allowedPackages(): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)])
}

function pure(files: readonly HouseFile[]): HouseFile[] {
  return files.filter(({ path }) => (floorOf(path) ?? 0) < FIRST_FLOOR_OF_SOCKETS)
}

function floorOf(path: string): number | undefined {
  return FLOORS[folderOf(path)]
}

/** `lib/wire/x/y.ts` is in `lib/wire`, `lib/index.ts` in `lib`, `bin/hopwise.ts` in `bin`. */
function folderOf(path: string): string {
  const parts = path.split('/').slice(0, -1)
  return parts.slice(0, parts[0] === 'lib' ? 2 : 1).join('/')
}

function inHouse(it: string): boolean {
  return it.startsWith('lib/') || it.startsWith('bin/')
}

function isBuiltin(it: string): boolean {
  return it.startsWith('node:') || builtinModules.includes(it)
}

function fromFirst(cycle: string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0] as string)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  return [...turned, turned[0]].join(' -> ')
}
