import type { ListenAddress } from '../net/listen-address.js'
import { CERTIFICATE_FIELDS } from '../policy/client-certificate.js'
import { foldedName as folded } from '../policy/folded-name.js'
import { didYouMean } from '../proxy/options/did-you-mean.js'
import { type Complaint, error, warning } from './complaint.js'
import {
  type Configuration,
  type ForwardListener,
  KEYS_OF_DUMB,
  KEYS_OF_MODE,
  type Listener,
  type ReverseListener,
} from './configuration.js'
import { inWords, type Path, show } from './findings.js'
import { readAddress } from './values.js'

/** The keys that a mapping has in the file itself. */
export type KeysGiven = (path: Path) => string[]

/** Checks listeners against each other, and keys against modes. */
export function checkListeners(configuration: Configuration, keysGiven: KeysGiven): Complaint[] {
  return [
    ...configuration.listeners.flatMap((listener, i) => [
      ...checkKeys(listener, ['listeners', i], keysGiven),
      ...(listener.mode === 'dumb' ? [] : checkKept(listener, ['listeners', i])),
      ...(listener.mode === 'forward' ? checkForward(listener, ['listeners', i]) : []),
      ...(listener.mode === 'dumb' ? checkDumb(listener.upstream, ['listeners', i, 'upstream']) : []),
    ]),
    ...checkAddresses(configuration),
    ...checkNames(configuration),
    ...checkAdmin(configuration),
  ]
}

function checkKeys({ mode }: Listener, path: Path, keysGiven: KeysGiven): Complaint[] {
  const about = [{ path: [...path, 'mode'] }]
  const given = keysGiven(path)
  const complaints = given.flatMap(key => {
    const own = KEYS_OF_MODE[key as keyof typeof KEYS_OF_MODE] as Listener['mode'] | undefined
    if (own !== undefined && own !== mode)
      return [
        error([...path, key], `${key} belongs to mode ${own}, and this listener is ${mode}`, hintFor(key, mode), {
          at: 'key',
          about,
        }),
      ]
    if (mode === 'dumb' && !KEYS_OF_DUMB.includes(key))
      return [
        error([...path, key], `the dumb proxy has no ${key}`, `it takes ${inWords(KEYS_OF_DUMB, 'and')}`, {
          at: 'key',
          about,
        }),
      ]
    return []
  })
  if (mode === 'reverse' && !given.includes('routes'))
    complaints.push(
      error(path, 'a reverse listener without routes answers 404 to everything', 'write routes: [{ upstream: NAME }]', {
        about: [...about, { path: [...path, 'routes'], below: true }],
      }),
    )
  return complaints
}

function hintFor(key: string, mode: Listener['mode']): string {
  if (key === 'upstream' && mode === 'reverse') return 'write routes: [{ upstream: NAME }]'
  if (key === 'routes' || key === 'upstream')
    return 'a forward proxy connects where its clients ask: remove it, or write mode: reverse'
  return `remove it, or write mode: ${KEYS_OF_MODE[key as keyof typeof KEYS_OF_MODE]}`
}

function checkForward({ address, users, clients, tls }: ForwardListener, path: Path): Complaint[] {
  if (tls?.clientCertificates !== undefined && tls.clientCertificates.fields.length > 0)
    return [
      error(
        [...path, 'tls', 'clientCertificates', 'fields'],
        'a forward proxy does not identify its clients to other servers',
        'remove it, or write mode: reverse',
        { at: 'key', about: [{ path: [...path, 'mode'] }] },
      ),
    ]
  const guarded = users !== undefined || clients.allow !== undefined || tls?.clientCertificates?.required === true
  if (guarded || isLoopback(readAddress(address))) return []
  return [
    warning(
      [...path, 'address'],
      'an open forward proxy: it listens beyond this machine and requires no authentication',
      'give it users, or clients: { allow: […] }, or listen on 127.0.0.1',
      { about: ['users', 'clients', 'tls'].map(key => ({ path: [...path, key], below: true })) },
    ),
  ]
}

/** A field that hopwise sends itself cannot be kept from untrusted peers. */
function checkKept({ keepFields, ...listener }: ReverseListener | ForwardListener, path: Path): Complaint[] {
  const told = listener.tls?.clientCertificates?.fields ?? []
  const options = [
    ...SAID_BY_OPTION.filter(([option]) => (listener as Partial<ReverseListener>)[option] === true),
    ...told.map(field => ['tls', CERTIFICATE_FIELDS[field].toLowerCase()] as const),
  ]
  return keepFields.flatMap((name, i) => {
    const option = options.find(([, field]) => folded(name) === field)?.[0]
    if (option === undefined) return []
    const place = [...path, 'keepFields', i]
    return [
      error(
        place,
        `hopwise itself sends ${show(name)}, by ${option === 'tls' ? 'tls.clientCertificates.fields' : option}`,
        'name the peers that may send it in trust',
        {
          about: [{ path: [...path, option] }],
        },
      ),
    ]
  })
}

const SAID_BY_OPTION = [
  ['xForwardedPort', 'x-forwarded-port'],
  ['xForwardedPrefix', 'x-forwarded-prefix'],
  ['xRealIp', 'x-real-ip'],
] as const

function checkDumb(upstream: string | undefined, path: Path): Complaint[] {
  return upstream === undefined || /^http:/i.test(upstream)
    ? []
    : [error(path, `the dumb proxy supports http:// only, not ${show(upstream)}`, 'give it an http:// upstream')]
}

function checkAdmin({ admin, upstreams }: Configuration): Complaint[] {
  if (admin === undefined) return []
  const needed = admin.readyNeeds.flatMap((name, i) => checkNeeded(name, upstreams, ['admin', 'readyNeeds', i]))
  if (isLoopback(readAddress(admin.address))) return needed
  return [
    ...needed,
    warning(
      ['admin', 'address'],
      'the admin listener can be reached from other machines: it shows clients and upstreams',
      'listen on 127.0.0.1, or keep others out with a firewall',
    ),
  ]
}

/** A group without health checks could never become ready again: without requests, nothing is learned about its servers. */
function checkNeeded(name: string, upstreams: Configuration['upstreams'], path: Path): Complaint[] {
  const group = Object.hasOwn(upstreams, name) ? upstreams[name] : undefined
  if (group === undefined) {
    const meant = didYouMean(name, Object.keys(upstreams))
    const hint = meant === undefined ? 'name a group under upstreams' : `did you mean ${meant}?`
    return [error(path, `there is no group ${show(name)} under upstreams`, hint)]
  }
  if (group.healthCheck !== undefined) return []
  return [
    error(
      path,
      `${name} has no healthCheck: while hopwise is not ready no requests come, so it would not notice that its servers are back`,
      `give upstreams.${name} a healthCheck, or remove ${name} here`,
      { about: [{ path: ['upstreams', name] }] },
    ),
  ]
}

/** Inherited sockets and socket files are assumed to be protected by whatever creates them. */
function isLoopback(address: ListenAddress): boolean {
  if (address.kind !== 'tcp') return true
  return /^(127\.|::1$|localhost$)/i.test(address.host)
}

/** Checks each address against all those before it. */
function checkAddresses({ listeners, admin }: Configuration): Complaint[] {
  const all: Place[] = listeners.map(({ address }, i) => ({ address, path: ['listeners', i, 'address'] }))
  if (admin) all.push({ address: admin.address, path: ['admin', 'address'] })
  const taken = new TakenPlaces()
  return all.flatMap(place => {
    const { address, path } = place
    const before = taken.take(place)
    if (before === undefined) return []
    if (/:0$/.test(address) && readAddress(address).kind === 'tcp')
      return [
        error(path, `${show(address)} is used twice, but listeners are identified by it`, 'give one of them a port', {
          about: [{ path: before.path }],
        }),
      ]
    const other = before.path[0] === 'listeners' ? `listeners[${before.path[1]}]` : 'admin'
    const message =
      before.address === address
        ? `${show(address)} is already used by ${other}`
        : `${show(address)} is already used by ${other}, which listens on ${show(before.address)}`
    const hint =
      path[0] === 'listeners' ? 'use another port, or put the routes of both into one listener' : 'use another port'
    return [error(path, message, hint, { about: [{ path: before.path }] })]
  })
}

interface Place {
  address: string
  path: Path
}

/** Addresses in order, to find the first that conflicts with another. */
class TakenPlaces {
  /** By port: the first address, and the first that listens everywhere. */
  readonly #ports = new Map<number, { nth: number; everywhere: number }>()
  /** By port and host, or by the whole address. */
  readonly #exact = new Map<string, number>()
  readonly #all: Place[] = []

  /** Adds an address. @returns the first earlier one that overlaps with it */
  take(place: Place): Place | undefined {
    const nth = this.#all.push(place) - 1
    const address = readAddress(place.address)
    const isFree = address.kind === 'tcp' && address.port === 0
    if (isFree && place.path[0] === 'admin') return undefined
    const key = address.kind === 'tcp' ? `${address.port} ${address.host.toLowerCase()}` : JSON.stringify(address)
    const same = this.#exact.get(key)
    if (same === undefined) this.#exact.set(key, nth)
    const before = Math.min(same ?? nth, address.kind === 'tcp' && !isFree ? this.#onPort(address, nth) : nth)
    return before === nth ? undefined : this.#all[before]
  }

  #onPort(address: { host: string; port: number }, nth: number): number {
    const everywhere = isEverywhere(address)
    const port = this.#ports.get(address.port)
    if (port === undefined) {
      this.#ports.set(address.port, { nth, everywhere: everywhere ? nth : NOT_YET })
      return nth
    }
    const before = everywhere ? port.nth : port.everywhere
    if (everywhere) port.everywhere = Math.min(port.everywhere, nth)
    return Math.min(before, nth)
  }
}

const NOT_YET = Number.POSITIVE_INFINITY

function isEverywhere({ host }: { host: string }): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

function checkNames({ listeners }: Configuration): Complaint[] {
  const first = new Map<string, number>()
  return listeners.flatMap(({ name, address }, i) => {
    const before = first.get(name) ?? i
    first.set(name, before)
    // Two listeners without a name on one address are reported as a conflict of addresses.
    if (before === i || name === address) return []
    return [
      error(
        ['listeners', i, 'name'],
        `${show(name)} is already the name of listeners[${before}]`,
        'logs and metrics identify listeners by name',
      ),
    ]
  })
}
