import { createHash } from 'node:crypto'
import * as tls from 'node:tls'
import { BoundedMap } from '../../link/bounded-map.js'

/** How a TLS upstream is verified, and which certificate we present. Must not be changed after the first dial with it. */
export interface UpstreamTls {
  /** PEM of the CA certificates to trust instead of the system's. */
  readonly ca?: string
  /** Request and verify this name instead of the URL's host. */
  readonly servername?: string
  /** Do not verify. For test setups only. */
  readonly insecure?: boolean
  /** PEM of a client certificate with its intermediate certificates; `key` is its private key. */
  readonly cert?: string
  readonly key?: string
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** About 2 KiB each; the number equals the default limit of origins. */
const SESSIONS_MAX = 1_024

/**
 * What is kept per settings object between dials: its context, since loading the CA certificates for each connection costs more
 * than the handshake, and the last session of each peer. A verification under one settings object counts for no other.
 */
export class TlsMemory {
  readonly context: tls.SecureContext
  /** In order of use, the least recently used first. */
  private readonly sessions = new BoundedMap<Buffer>(SESSIONS_MAX)

  /** @throws OpenSSL's error about the certificates or the key */
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
   * The session to offer to this peer. A ticket is offered more than once: RFC 8446 C.4 advises against it because an observer
   * could see that two connections have the same client, but ours all come from one proxy anyway.
   */
  session(peer: string): Buffer | undefined {
    return this.sessions.get(peer)
  }

  keep(peer: string, session: Buffer): void {
    this.sessions.set(peer, session)
  }

  /** The connection ended in an error: in case its session was the cause, the next one does without. */
  drop(peer: string): void {
    this.sessions.delete(peer)
  }
}

const memories = new WeakMap<UpstreamTls, TlsMemory>()

/**
 * The memory of these settings, created at first use.
 * @throws OpenSSL's error about the certificates or the key: call once when the settings are new, to report it early
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
 * All TLS settings that two connections must have in common to be interchangeable, as text for the key of a pool; '' for the
 * defaults. It contains hashes of the certificates and the key.
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
