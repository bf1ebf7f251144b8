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
  // lib/index.ts: the front of the house for programs. It only hands out what stands inside.
  lib: 7,
}
const FIRST_FLOOR_OF_SOCKETS = 3
const DOORS = 6
const DOOR_TO_DOOR = [['lib/daemon', 'lib/admin']]
/** Without I/O, clock and surprise: allowed below floor 3, on the floor named. */
const PURE_PACKAGES: Readonly<Record<string, number>> = { 'ipaddr.js': 1, 'structured-headers': 1 }

export function arrowsUp(files: readonly HouseFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const own = floorOf(path)
    if (own === undefined) return [`${path} stands on no floor: give its folder one in house-plan.ts`]
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

/** Folders that do not know each other, whatever their floor says. */
const APART: readonly (readonly [string, string])[] = [['lib/net/client/', 'lib/net/upstream/']]

/** What crosses from one wing to the other all the same, and why. */
const CROSSES: Readonly<Record<string, string>> = {
  'lib/net/client/client-stream.ts':
    'upstream connections that a client has logged in on end with its own (RFC 4559 6)',
}

/** Imports of types count, too: who knows a type relies on it. */
export function crossings(files: readonly HouseFile[]): string[] {
  const across = (path: string, other: string): boolean =>
    APART.some(
      ([one, two]) =>
        (path.startsWith(one) && other.startsWith(two)) || (path.startsWith(two) && other.startsWith(one)),
    )
  return files
    .filter(({ path }) => !Object.hasOwn(CROSSES, path))
    .flatMap(({ path, imports }) => imports.filter(other => across(path, other)).map(other => `${path} knows ${other}`))
}

/**
 * What is loaded in a circle. (Two files of one folder may know each other's types: a pool and its connections do.)
 * Each circle once, told from its first file in the order of the alphabet.
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

export function impurities(files: readonly HouseFile[]): string[] {
  return pure(files).flatMap(({ path, imports, globals }) => [
    ...imports.filter(isBuiltin).map(it => `${path} imports ${it}`),
    ...globals.map(it => `${path} uses ${it}`),
  ])
}

/** @param dependencies what package.json depends on at run time */
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

/** `lib/wire/x/y.ts` stands in `lib/wire`, `lib/index.ts` in `lib`, `bin/hopwise.ts` in `bin`. */
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

function fromFirst(circle: string[]): string {
  const first = circle.indexOf([...circle].sort()[0] as string)
  const turned = [...circle.slice(first), ...circle.slice(0, first)]
  return [...turned, turned[0]].join(' -> ')
}
