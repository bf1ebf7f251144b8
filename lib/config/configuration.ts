import * as path from 'node:path'
import type { Checked, CheckedListener, UpstreamGroup } from './schema.js'

/**
 * A configuration that was read, checked and completed: every default is filled in, short forms are expanded, and file names are
 * absolute. The tables of a listener (limits, deadlines, grammar) hold only what differs from the file's.
 */
export type Configuration = Omit<Checked, '$schema' | 'listeners' | 'upstreams'> & {
  listeners: Listener[]
  upstreams: Record<string, Group>
}

export type Listener = ReverseListener | ForwardListener | DumbListener

export type Mode = CheckedListener['mode']

/** What reverse and forward listeners have in common. */
export type ProxyListener = Omit<CheckedListener, 'mode' | 'name' | 'via' | 'xForwarded' | 'trace' | ModeKey> & {
  name: string
  via: 'off' | 'request' | 'both'
  xForwarded: boolean
  trace: boolean
}

export type ReverseListener = ProxyListener & { mode: 'reverse'; routes: Route[]; xForwardedPrefix: boolean }

export type ForwardListener = ProxyListener &
  Pick<CheckedListener, 'destinations' | 'resolve' | 'users' | 'parent' | 'forwardHttp10KeepAlive'> & {
    mode: 'forward'
  }

export type DumbListener = Pick<CheckedListener, 'address' | 'upstream'> & { mode: 'dumb'; name: string }

type CheckedRoute = NonNullable<CheckedListener['routes']>[number]

/** `upstream` is the name of a group, or a URL. */
export type Route = Omit<CheckedRoute, 'host' | 'method'> & { host?: string[]; method?: string[] }

type CheckedServer = UpstreamGroup['servers'][number]

export type ServerEntry = Exclude<CheckedServer, string>

export type Group = Omit<UpstreamGroup, 'servers'> & { servers: ServerEntry[] }

/** Keys of a listener that belong to one mode only. */
export const KEYS_OF_MODE = {
  routes: 'reverse',
  xForwardedPrefix: 'reverse',
  destinations: 'forward',
  resolve: 'forward',
  users: 'forward',
  parent: 'forward',
  forwardHttp10KeepAlive: 'forward',
  upstream: 'dumb',
} as const satisfies Partial<Record<keyof CheckedListener, Mode>>

type ModeKey = keyof typeof KEYS_OF_MODE

/** The dumb proxy has no other keys: it is wrong on purpose, and no option can make it right. */
export const KEYS_OF_DUMB: readonly string[] = [
  'address',
  'name',
  'mode',
  'upstream',
] satisfies (keyof CheckedListener)[]

/** @param folder of the file, absolute */
export function complete({ $schema: _, ...checked }: Checked, folder: string): Configuration {
  const { listeners, upstreams, logs, pidFile } = checked
  const file = (name: string) => path.resolve(folder, name)
  const { to } = logs.access
  return {
    ...checked,
    listeners: listeners.map(listener => completeListener(listener, file)),
    upstreams: Object.fromEntries(Object.entries(upstreams).map(([name, group]) => [name, completeGroup(group, file)])),
    ...(pidFile === undefined ? {} : { pidFile: file(pidFile) }),
    logs: { ...logs, access: { ...logs.access, to: to === 'stdout' || to === 'off' ? to : file(to) } },
  }
}

type Resolve = (name: string) => string

function completeListener(listener: CheckedListener, file: Resolve): Listener {
  const { address, name: given, mode, ...rest } = listener
  const { routes, xForwardedPrefix, ...other } = rest
  const { destinations, resolve, users, parent, forwardHttp10KeepAlive, upstream, ...common } = other
  const { tls } = common
  const name = given ?? address
  if (mode === 'dumb') return { address, name, mode, ...(upstream === undefined ? {} : { upstream }) }
  const reverse = mode === 'reverse'
  const proxy = {
    ...common,
    via: listener.via ?? (reverse ? 'request' : 'both'),
    xForwarded: listener.xForwarded ?? reverse,
    trace: listener.trace ?? !reverse,
    ...(tls ? { tls: completeTls(tls, file) } : {}),
  }
  if (reverse) return { address, name, mode, ...proxy, xForwardedPrefix, routes: (routes ?? []).map(completeRoute) }
  return {
    address,
    name,
    mode,
    ...proxy,
    destinations,
    resolve,
    ...(users ? { users: { file: file(users.file) } } : {}),
    ...(parent === undefined ? {} : { parent }),
    forwardHttp10KeepAlive,
  }
}

function completeTls(
  { certificates, clientCertificates, ...rest }: NonNullable<CheckedListener['tls']>,
  file: Resolve,
) {
  return {
    ...rest,
    certificates: certificates.map(({ cert, key }) => ({ cert: file(cert), key: file(key) })),
    ...(clientCertificates ? { clientCertificates: { ...clientCertificates, ca: file(clientCertificates.ca) } } : {}),
  }
}

function completeRoute({ host, method, ...rest }: CheckedRoute): Route {
  return {
    ...(host === undefined ? {} : { host: listOf(host).map(name => name.toLowerCase()) }),
    ...(method === undefined ? {} : { method: listOf(method) }),
    ...rest,
  }
}

function listOf(value: string | string[]): string[] {
  return typeof value === 'string' ? [value] : value
}

function completeGroup({ servers, tls, ...rest }: UpstreamGroup, file: Resolve): Group {
  const { ca, cert, key } = tls ?? {}
  return {
    servers: servers.map(server => (typeof server === 'string' ? { url: server, weight: 1, backup: false } : server)),
    ...rest,
    ...(tls
      ? {
          tls: {
            ...tls,
            ...(ca === undefined ? {} : { ca: file(ca) }),
            ...(cert === undefined ? {} : { cert: file(cert) }),
            ...(key === undefined ? {} : { key: file(key) }),
          },
        }
      : {}),
  }
}
