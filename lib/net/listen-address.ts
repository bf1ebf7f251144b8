import cluster from 'node:cluster'
import { isIPv6 } from 'node:net'
import { hostAndPort } from '../wire/authority.js'

/** Where to listen, as it is written down. */
export type ListenAddress =
  /** `host` '': every address of the machine, IPv6 and IPv4; `port` 0: any free one. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that was opened by whoever started us. */
  | { readonly kind: 'fd'; readonly fd: number }
  /** The same, by the name that systemd gives it (`FileDescriptorName=`). */
  | { readonly kind: 'systemd'; readonly name: string }

/** The same for `net.Server`. */
export type ListenTarget = { host?: string; port: number } | { path: string } | { fd: number }

const FORMS = 'write host:port, :port, [::]:port, unix:/path, fd:3 or systemd:NAME'
/** What fits into the kernel's `sun_path`, with its NUL. */
const PATH_BYTES_MAX = 107

/**
 * `127.0.0.1:8080`, `localhost:80`, `:80` (every address), `[::]:80` (IPv6 and IPv4), `unix:/run/hopwise.sock`, `fd:3`, `systemd:web`.
 * @throws TypeError that says what is wrong and what would be right
 */
export function readListenAddress(text: string): ListenAddress {
  const [, scheme, rest = ''] = /^(unix|fd|systemd):(.*)$/s.exec(text) ?? []
  if (scheme === 'unix') return { kind: 'unix', path: pathIn(text, rest) }
  if (scheme === 'fd') {
    if (!/^\d{1,7}$/.test(rest)) throw wrong(text, 'names no file descriptor', 'write fd:3, for example')
    return { kind: 'fd', fd: Number(rest) }
  }
  if (scheme === 'systemd') {
    if (!/^[\x21-\x39\x3b-\x7e]+$/.test(rest))
      throw wrong(
        text,
        'names no socket of systemd',
        'write systemd:NAME with the FileDescriptorName= of the socket unit',
      )
    return { kind: 'systemd', name: rest }
  }
  return readHostPort(text)
}

function wrong(text: string, what: string, right: string): TypeError {
  return new TypeError(`the listen address ${JSON.stringify(text)} ${what}: ${right}`)
}

function pathIn(text: string, path: string): string {
  if (!path.startsWith('/') || path.includes('\0'))
    throw wrong(text, 'has no absolute path', 'write unix:/run/hopwise.sock')
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw wrong(text, `has a path of more than ${PATH_BYTES_MAX} octets`, 'the kernel takes no longer one for a socket')
  return path
}

function readHostPort(text: string): ListenAddress {
  if (/^\d+$/.test(text)) throw wrong(text, 'is a port alone', `write 127.0.0.1:${text}, or :${text} for every address`)
  if (isIPv6(text)) throw wrong(text, 'has no port', `write [${text}]:8080`)
  const [found, bracketed, plain = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]/@\s]*)):(\d{1,5})$/.exec(text) ?? []
  if (found === undefined) throw wrong(text, 'is none', FORMS)
  if (bracketed !== undefined && !isIPv6(bracketed)) throw wrong(text, 'has no IPv6 address in its brackets', FORMS)
  const port = Number(digits)
  if (port > 65_535) throw wrong(text, 'has a port above 65535', FORMS)
  return { kind: 'tcp', host: bracketed ?? plain, port }
}

/** Who says which sockets systemd has passed: the environment, and the process for which they are meant. */
export interface Activation {
  readonly env: NodeJS.ProcessEnv
  readonly pid: number
}

/** A worker's sockets are those of the primary, which opens them for it: its numbers count, and its process id. */
function ownActivation(): Activation {
  return { env: process.env, pid: cluster.isWorker ? process.ppid : process.pid }
}

/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3

/**
 * What to give to `net.Server.listen`.
 * @throws Error when systemd has passed no socket of that name, or more than one
 */
export function listenTarget(address: ListenAddress, activation: Activation = ownActivation()): ListenTarget {
  if (address.kind === 'unix') return { path: address.path }
  if (address.kind === 'fd') return { fd: address.fd }
  if (address.kind === 'systemd') return { fd: fdOf(address.name, activation) }
  return address.host === '' ? { port: address.port } : { host: address.host, port: address.port }
}

function fdOf(name: string, activation: Activation): number {
  const names = passedNames(activation)
  const fds = names.flatMap((is, i) => (is === name ? [FIRST_FD + i] : []))
  const [fd] = fds
  if (fd !== undefined && fds.length === 1) return fd
  const all = names.length === 0 ? 'none at all' : names.map((is, i) => `${is} (fd:${FIRST_FD + i})`).join(', ')
  if (fds.length > 1)
    throw new Error(
      `systemd:${name}: systemd has passed ${fds.length} sockets of that name (${all}); name them apart, or use fd:N`,
    )
  throw new Error(
    `systemd:${name}: systemd has passed no socket of that name, but ${all}; see FileDescriptorName= in systemd.socket(5)`,
  )
}

/** The names of the sockets that systemd has passed to this very process, in their order; one without a name is `unknown`. */
function passedNames({ env, pid }: Activation): string[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env
  if (LISTEN_PID !== String(pid) || !/^\d{1,5}$/.test(LISTEN_FDS ?? '')) return []
  const names = (LISTEN_FDNAMES ?? '').split(':')
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => names[i] || 'unknown')
}

/** Where something listens, as one writes it: `127.0.0.1:80`, `[::1]:80`, `unix:/path`, `fd:3`. */
export function listenText(target: ListenTarget): string {
  if ('path' in target) return `unix:${target.path}`
  if ('fd' in target) return `fd:${target.fd}`
  const { host = '', port } = target
  return hostAndPort(host, port)
}
