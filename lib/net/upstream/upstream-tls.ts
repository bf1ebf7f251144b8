import { createHash } from 'node:crypto'
import * as tls from 'node:tls'
import { BoundedMap } from '../../link/bounded-map.js'

/** How an upstream that is reached over TLS is verified, and what we show of ourselves. Not to be changed once it was dialled with. */
export interface UpstreamTls {
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string
  /** Expect and ask for this name instead of the URL's host. */
  readonly servername?: string
  /** Do not verify. For laboratories only. */
  readonly insecure?: boolean
  /** PEM of a client certificate, with what lies between it and its authority; `key` belongs to it. */
  readonly cert?: string
  readonly key?: string
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** Some 2 KiB each; as many as there are origins by default. */
const SESSIONS_MAX = 1_024

/**
 * What stays of one settings object from dial to dial: its context, since reading authorities anew for each connection costs
 * more than the handshake, and for each peer the last session. What was proved to one settings object counts for no other.
 */
export class TlsMemory {
  readonly context: tls.SecureContext
  /** In the order of use, the longest unused first. */
  private readonly sessions = new BoundedMap<Buffer>(SESSIONS_MAX)

  /** @throws what OpenSSL has against the certificates or the key */
  constructor(settings: UpstreamTls) {
    const { ca, cert, key, minVersion = 'TLSv1.2' } = settings
    this.context = tls.createSecureContext({
      minVersion,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    })
  }

  /**
   * The session to offer to this peer. A ticket is offered more than once: RFC 8446 C.4 advises against it since tickets tell
   * an onlooker that two connections have the same client, and ours all come from one proxy anyway.
   */
  session(peer: string): Buffer | undefined {
    return this.sessions.get(peer)
  }

  keep(peer: string, session: Buffer): void {
    this.sessions.set(peer, session)
  }

  /** The connection ended in an error: if its session was to blame, the next one does without. */
  drop(peer: string): void {
    this.sessions.delete(peer)
  }
}

const memories = new WeakMap<UpstreamTls, TlsMemory>()

/**
 * The memory of these settings, made when it is asked for first.
 * @throws what OpenSSL has against the certificates or the key: ask once when the settings are new, to say so in time
 */
export function tlsMemory(settings: UpstreamTls): TlsMemory {
  let memory = memories.get(settings)
  if (memory === undefined) {
    memory = new TlsMemory(settings)
    memories.set(settings, memory)
  }
  return memory
}

/**
 * Everything about TLS that two connections must have in common to be interchangeable, as text for the key of a pool; '' for the
 * defaults. Certificates and the key stand in it as hashes.
 */
export function tlsKey(settings: UpstreamTls): string {
  const { ca, servername, insecure, cert, key, minVersion } = settings
  const parts = [
    servername === undefined ? '' : `servername=${encodeURIComponent(servername.toLowerCase())}`,
    insecure === true ? 'insecure' : '',
    minVersion === undefined || minVersion === 'TLSv1.2' ? '' : `min=${minVersion}`,
    hashed('ca', ca),
    hashed('cert', cert),
    hashed('key', key),
  ]
  return parts.filter(part => part !== '').join(',')
}

function hashed(what: string, pem: string | undefined): string {
  return pem === undefined ? '' : `${what}=${createHash('sha256').update(pem).digest('hex').slice(0, 32)}`
}
