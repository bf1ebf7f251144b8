import cluster from 'node:cluster'
import { isIPv6 } from 'node:net'
import { WrongText } from '../policy/option-error.js'
import { hostAndPort } from '../wire/authority.js'

/** Where to listen, as configured. */
export type ListenAddress =
  /** `host` '': every address of the machine, IPv6 and IPv4; `port` 0: any free port. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that was opened by the parent process. */
  | { readonly kind: 'fd'; readonly fd: number }
  /** The same, by its systemd name (`FileDescriptorName=`). */
  | { readonly kind: 'systemd'; readonly name: string }

/** The same in the form that `net.Server.listen` takes. */
export type ListenTarget = { host?: string; port: number } | { path: string } | { fd: number }

const FORMS = 'write host:port, :port, [::]:port, unix:/path, fd:3 or systemd:NAME'
/** What fits into the kernel's `sun_path` together with the terminating NUL. */
const PATH_BYTES_MAX = 107

/**
 * Reads `127.0.0.1:8080`, `localhost:80`, `:80` (every address), `[::]:80` (IPv6 and IPv4), `unix:/run/hopwise.sock`, `fd:3` or
 * `systemd:web`.
 * @throws OptionError that says what is wrong and what to write instead
 */
export function readListenAddress(text: string): ListenAddress {
  const [, scheme, rest = ''] = /^(unix|fd|systemd):(.*)$/s.exec(text) ?? []
  if (scheme === 'unix') return { kind: 'unix', path: pathIn(text, rest) }
  if (scheme === 'fd') {
    if (!/^\d{1,7}$/.test(rest)) throw wrong(text, 'does not name a file descriptor', 'write fd:3, for example')
    return { kind: 'fd', fd: Number(rest) }
  }
  if (scheme === 'systemd') {
    if (!/^[\x21-\x39\x3b-\x7e]+$/.test(rest))
      throw wrong(
        text,
        'does not name a systemd socket',
        'write systemd:NAME with the FileDescriptorName= of the socket unit',
      )
    return { kind: 'systemd', name: rest }
  }
  return readHostPort(text)
}

function wrong(text: string, what: string, right: string): WrongText {
  return new WrongText(`listen address ${JSON.stringify(text)}`, what, right)
}

function pathIn(text: string, path: string): string {
  if (!path.startsWith('/') || path.includes('\0'))
    throw wrong(text, 'does not have an absolute path', 'write unix:/run/hopwise.sock')
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw wrong(
      text,
      `has a path of more than ${PATH_BYTES_MAX} bytes`,
      'use a shorter path; this is the limit of the kernel',
    )
  return path
}

function readHostPort(text: string): ListenAddress {
  if (/^\d+$/.test(text)) throw wrong(text, 'is only a port', `write 127.0.0.1:${text}, or :${text} for every address`)
  if (isIPv6(text)) throw wrong(text, 'has no port', `write [${text}]:8080`)
  const [found, bracketed, plain = '', digits] = /^(?:\[([^\]]*)\]|([^:[\]/@\s]*)):(\d{1,5})$/.exec(text) ?? []
  if (found === undefined) throw new WrongText(JSON.stringify(text), 'is not a listen address', FORMS)
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw wrong(text, 'does not have an IPv6 address in the brackets', FORMS)
  const port = Number(digits)
  if (port > 65_535) throw wrong(text, 'has a port above 65535', FORMS)
  return { kind: 'tcp', host: bracketed ?? plain, port }
}

/** Where the list of sockets passed by systemd comes from: the environment, and the process they are meant for. */
export interface Activation {
  readonly env: NodeJS.ProcessEnv
  readonly pid: number
}

/** The primary opens the sockets of its workers: so its descriptor numbers and its process ID count in a worker, too. */
function ownActivation(): Activation {
  return { env: process.env, pid: cluster.isWorker ? process.ppid : process.pid }
}

/** The first file descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3

/**
 * The argument for `net.Server.listen`.
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
  const all = names.length === 0 ? 'none' : names.map((is, i) => `${is} (fd:${FIRST_FD + i})`).join(', ')
  if (fds.length > 1)
    throw new Error(
      `systemd:${name}: systemd has passed ${fds.length} sockets of that name (${all}); give each its own name, or use fd:N`,
    )
  throw new Error(
    `systemd:${name}: systemd has passed no such socket (it passed: ${all}); see FileDescriptorName= in systemd.socket(5)`,
  )
}

/** The names of the sockets that systemd has passed to this process, in their order; one without a name is `unknown`. */
function passedNames({ env, pid }: Activation): string[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env
  if (LISTEN_PID !== String(pid) || !/^\d{1,5}$/.test(LISTEN_FDS ?? '')) return []
  const names = (LISTEN_FDNAMES ?? '').split(':')
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => names[i] || 'unknown')
}

/** A listen target in its written form: `127.0.0.1:80`, `[::1]:80`, `unix:/path`, `fd:3`. */
export function listenText(target: ListenTarget): string {
  if ('path' in target) return `unix:${target.path}`
  if ('fd' in target) return `fd:${target.fd}`
  const { host = '', port } = target
  return hostAndPort(host, port)
}
