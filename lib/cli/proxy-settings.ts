import * as fs from 'node:fs'
import { writeAddress } from '../daemon/run.js'
import { READ_MODES } from '../net/socket/read-mode.js'
import { OptionError } from '../policy/option-error.js'
import { settingsOf } from '../proxy/options/options.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { readUsersFile } from '../proxy/options/users-file.js'
import { readPasswordHash } from '../proxy/users.js'
import type { Given } from './given.js'
import { NUMBERS } from './option-table.js'
import { UsageError } from './usage-error.js'
import {
  type ListenAddress,
  readCredentials,
  readDestination,
  readName,
  readNameserver,
  readPeer,
  readProtocol,
  readUpstream,
  readWhole,
  type Upstream,
} from './values.js'

/** The options of a reverse proxy. @throws UsageError */
export function reverseSettings(given: Given, listen: ListenAddress): ProxyOptions {
  const written = given.text('upstream')
  if (written === undefined)
    throw new UsageError('hopwise reverse requires the URL of its upstream: hopwise reverse http://127.0.0.1:3000.')
  const upstream = readUpstream(given.where('upstream'), written)
  refuseItself(upstream.origin, listen)
  return defined({
    ...commonSettings(given),
    mode: 'reverse' as const,
    ...leadingTo(upstream),
    host: given.choice('host', ['preserve', 'upstream']),
    trust: given.list('trust', readPeer),
  })
}

/**
 * A path in the URL of the upstream is put in front of each request's path, as by nginx's `proxy_pass
 * http://host/base/`, and removed from links back, since clients do not know it.
 */
export function leadingTo({ origin, base }: Upstream): Pick<ProxyOptions, 'upstream' | 'routes'> {
  if (base === '') return { upstream: origin }
  return { routes: [{ upstream: origin, setPrefix: base, rewriteLocation: true, rewriteCookies: true }] }
}

/** The options of a forward proxy. @throws UsageError */
export function forwardSettings(given: Given): ProxyOptions {
  const nameservers = given.list('nameserver', readNameserver)
  return defined({
    ...commonSettings(given),
    mode: 'forward' as const,
    allow: given.list('allow', readDestination),
    connectPorts: given.list('connect-port', readPort),
    allowPorts: given.list('allow-port', readPort),
    resolve: nameservers === undefined ? undefined : { nameservers },
    ...whoMay(given),
    forwardHttp10KeepAlive: given.flag('forward-http10-keep-alive'),
  })
}

const readPort = (where: string, text: string): number => readWhole(where, text, { min: 1, max: 65_535 })

/** Has the library check again: it knows cases that the readers here do not. @throws UsageError */
export function checked(options: ProxyOptions): ProxyOptions {
  try {
    settingsOf(options)
    return options
  } catch (error) {
    if (error instanceof OptionError) throw new UsageError(`${error.message.replace(/\.$/, '')}.`, { cause: error })
    throw error
  }
}

/** The options common to both modes. */
export function commonSettings(given: Given) {
  const name = given.text('name')
  return {
    name: name === undefined ? undefined : readName(given.where('name'), name),
    via: given.choice('via', ['off', 'request', 'both']),
    xForwarded: given.flag('x-forwarded'),
    xForwardedPort: given.flag('x-forwarded-port'),
    xRealIp: given.flag('x-real-ip'),
    forwarded: given.flag('forwarded'),
    keepFields: given.list('keep-field', (_, text) => text),
    upgrades: given.list('upgrade', readProtocol),
    nominatedEndToEnd: given.choice('nominated-end-to-end', ['remove', 'reject']),
    strictUpstream: given.flag('strict-upstream'),
    interim: given.choice('interim', ['all', 'none']),
    halfClosed: given.choice('half-closed', ['abort', 'answer']),
    announceKeepAlive: given.choice('announce-keep-alive', ['http10', 'always']),
    trace: given.flag('trace'),
    readMode: given.choice('read-mode', READ_MODES),
    tcpKeepAliveMs: given.whole('tcp-keep-alive-ms', { min: 0, max: 2_147_483_647, unit: 'milliseconds' }),
    upstreamTls: readTls(given),
    ...numbers(given),
  }
}

/** Drops the keys whose value is undefined: to the library, absent and undefined are two things. */
export function defined<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function numbers(given: Given): Pick<ProxyOptions, 'deadlines' | 'limits' | 'grammar'> {
  const tables: Record<'deadlines' | 'limits' | 'grammar', Record<string, number>> = {
    deadlines: {},
    limits: {},
    grammar: {},
  }
  for (const [option, { table, key, min, max, unit }] of Object.entries(NUMBERS)) {
    const value = given.whole(option, { min, max, unit })
    if (value !== undefined) tables[table][key] = value
  }
  return tables
}

function readTls(given: Given): ProxyOptions['upstreamTls'] {
  const path = given.text('upstream-ca')
  const insecure = given.flag('upstream-insecure')
  if (path === undefined && insecure === undefined) return undefined
  if (path !== undefined && insecure === true)
    throw new UsageError('--upstream-ca and --upstream-insecure contradict each other: remove one of them.')
  const ca = path === undefined ? undefined : readText(given.where('upstream-ca'), path)
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(
      `${given.where('upstream-ca')} ${path} contains no PEM certificate (-----BEGIN CERTIFICATE-----).`,
    )
  return defined({ ca, insecure }) as NonNullable<ProxyOptions['upstreamTls']>
}

/** Plain passwords or hashes of them: all users of one kind. */
function whoMay(given: Given): Pick<ProxyOptions, 'credentials' | 'users'> {
  const all = given.list('auth', readCredentials) ?? []
  const path = given.text('auth-file')
  if (path === undefined) return all.length > 0 ? { credentials: all } : {}
  const where = given.where('auth-file')
  const text = readText(where, path)
  const lines = text.split(/\r?\n/).map((line, i) => ({ line, at: `${where} ${path}, line ${i + 1}` }))
  const content = lines.filter(({ line }) => line.trim() !== '' && !line.startsWith('#'))
  // An empty file must not open the proxy to everyone.
  if (content.length === 0) throw new UsageError(`${where} ${path} contains no user: write user:password on a line.`)
  if (content.some(({ line }) => OUR_HASH.test(line))) {
    if (all.length > 0)
      throw new UsageError(
        `${where} ${path} has hashed passwords, but ${given.where('auth')} has a plain one: put all users into the file with hopwise password.`,
      )
    return { users: hashedUsers(text, `${where} ${path}`) }
  }
  return { credentials: [...all, ...content.map(({ line, at }) => readCredentials(at, line))] }
}

/** A line as `hopwise password` writes it. */
const OUR_HASH = /^[^:]*:\s*\$scrypt\$/

function hashedUsers(text: string, where: string): NonNullable<ProxyOptions['users']> {
  const { users, problems } = readUsersFile(text)
  const [first] = problems
  if (first !== undefined) throw new UsageError(`${where}, line ${first.line}: ${first.message}.`)
  return new Map(users.flatMap(([user, hash]) => [[user, readPasswordHash(hash)!] as const]))
}

function readText(where: string, path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'permission denied'
          : code === 'EISDIR'
            ? 'it is a directory'
            : (error as Error).message
    throw new UsageError(`${where} ${path} cannot be read: ${why}.`, { cause: error })
  }
}

/** Only the plain case; loop detection catches the others at the first request. */
function refuseItself(upstream: string, { host, port }: ListenAddress): void {
  if (host !== undefined && upstream === `http://${writeAddress(host, port)}`)
    throw new UsageError(`The upstream ${upstream} is the listen address of hopwise itself: change one of them.`)
}
