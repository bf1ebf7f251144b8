import { ProxyError } from '../../link/proxy-error.js'
import { hostAndPort } from '../../wire/authority.js'
import { ProtocolError } from '../../wire/protocol-error.js'
import type { ResponseHead } from '../../wire/response-head.js'
import { ResponseReader, type ResponseSink } from '../../wire/response-reader.js'
import type { Transport } from '../socket/transport.js'
import { type DialOwner, type DialSettings, type DialTarget, dial, dialError, whereOf } from './dial.js'

/** The forward proxy that all connections go through. */
export interface ParentProxy {
  /** Its address, resolved; `secure`: connect to it over TLS. */
  readonly target: DialTarget
  /** `user:password` (RFC 7617), or '' if it needs none. */
  readonly credentials: string
}

/** The owner of the tunnel. */
export interface TunnelOwner extends DialOwner {
  /** Our CONNECT was sent; `head` is its head. */
  onAsked(head: string): void
}

/**
 * Makes a connection to `host:port` by asking a parent proxy for a tunnel (RFC 9110 9.3.6). To its owner it looks like `dial`:
 * the transport is returned at once; `onConnected` is called when the tunnel is established, and bytes after the parent's
 * response go to `onBytes` of the transport's owner at that time, right after it. Failure is `onClosed` with a `ProxyError`,
 * which `dialError` passes on.
 *
 * As with `dial`, the owner limits how long this may take, by destroying the transport.
 *
 * @param host without the brackets of an IPv6 literal
 * @param fields lines for the head of our CONNECT, each with its CRLF: at least Via, or a loop of proxies is never detected
 */
export function dialThrough(
  parent: ParentProxy,
  { host, port }: { readonly host: string; readonly port: number },
  settings: DialSettings,
  owner: TunnelOwner,
  fields = '',
): Transport {
  const authority = hostAndPort(host, port)
  const { credentials } = parent
  const proof =
    credentials === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(credentials, 'utf8').toString('base64')}\r\n`
  const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${proof}${fields}\r\n`
  const tunnel = new ParentTunnel(parent, request, owner)
  tunnel.transport = dial(parent.target, settings, tunnel)
  return tunnel.transport
}

/** Owns the transport from the dial to the parent's response. */
class ParentTunnel implements DialOwner, ResponseSink {
  transport!: Transport
  private readonly reader = new ResponseReader()
  private securing = false
  private connected = false
  private stands = false
  private failure: ProxyError | null = null

  constructor(
    private readonly parent: ParentProxy,
    private readonly request: string,
    private readonly owner: TunnelOwner,
  ) {
    this.reader.expect('CONNECT')
  }

  onSecuring(): void {
    this.securing = true
    this.owner.onSecuring()
  }

  onConnected(): void {
    this.connected = true
    this.transport.write(this.request)
    this.transport.flush()
    this.owner.onAsked(this.request)
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (this.failure !== null) return
    let at: number
    try {
      at = this.reader.consume(bytes, from, to, this)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.fail(`sent a response that is not HTTP: ${error.message}`, 'http_protocol_error', error)
      return
    }
    if (!this.stands) return
    this.transport.owner = this.owner
    this.owner.onConnected()
    if (at < to && !this.transport.socket.destroyed) this.transport.owner.onBytes(bytes, at, to)
  }

  /** Any status but 2xx ends the attempt: its content is not meant for our client, and nothing after it is used. */
  onResponseHead({ status }: ResponseHead): void {
    if (status < 200 && status !== 101) return
    if (status >= 200 && status < 300) {
      this.stands = true
      return
    }
    const { type, status: ours, advice } = REFUSALS[status] ?? REFUSED
    this.fail(`answered CONNECT with ${status}${advice}`, type, undefined, ours)
  }

  onResponseContent(): void {}
  onResponseEnd(): void {}

  onFin(): void {
    this.fail('closed the connection without a response', 'connection_terminated')
  }

  onFlushed(): void {}

  onClosed(error: NodeJS.ErrnoException | null): void {
    if (this.failure === null && error !== null) {
      if (this.connected) this.fail(`did not respond: ${error.code ?? error.message}`, 'connection_terminated', error)
      else this.failure = dialError(error, this.parent.target, this.securing)
    }
    this.owner.onClosed(this.failure)
  }

  onFault(fault: unknown): void {
    this.owner.onFault(fault)
  }

  private fail(what: string, type: ProxyError['type'], cause?: unknown, status = 502): void {
    this.failure ??= new ProxyError(type, `the parent proxy ${whereOf(this.parent.target)} ${what}`, {
      stage: 'connect',
      side: 'upstream',
      status,
      cause,
    })
    this.transport.destroy()
  }
}

interface Refusal {
  readonly type: ProxyError['type']
  /** What our own client gets. Never 407: the client could do nothing about it. */
  readonly status: number
  readonly advice: string
}

const REFUSED: Refusal = { type: 'destination_unavailable', status: 502, advice: '' }

/** The meaning of the statuses that proxies answer a CONNECT with (RFC 9209 2.3). */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  403: { type: 'http_request_denied', status: 403, advice: ': it refuses this destination' },
  407: {
    type: 'proxy_configuration_error',
    status: 502,
    advice: ': it requires other credentials, write them into its URL (http://user:password@host:port)',
  },
  429: { type: 'connection_limit_reached', status: 503, advice: ': it limits the rate of requests' },
  503: { type: 'destination_unavailable', status: 503, advice: '' },
  504: { type: 'connection_timeout', status: 504, advice: ': it could not connect in time' },
}
