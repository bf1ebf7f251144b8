import * as tls from 'node:tls'
import type { Test } from 'tap'
import type { ClientTlsSettings } from '../../lib/net/client/secure-accept.js'
import { get, listeningPool, type PoolOptions } from './answering-pool.js'
import { type Authority, type MadeCertificate, makeAuthority } from './certificates.js'
import { type Ended, run } from './child.js'
import { rawClient } from './conversation.js'
import { pathOf } from './needs.js'
import type { RawClient } from './raw-client.js'

/** Settings with these certificates and defaults for everything else. */
export const using = (certificates: MadeCertificate[], more: Partial<ClientTlsSettings> = {}): ClientTlsSettings => ({
  certificates,
  minVersion: 'TLSv1.2',
  ciphers: '',
  clientCertificates: null,
  handshakeMs: 5_000,
  ...more,
})

/** An authority with two certificates, and a pool that has both. */
export async function secured(t: Test, more: Partial<ClientTlsSettings> = {}, options: PoolOptions = {}) {
  const authority = await makeAuthority(t)
  const a = await authority.issue('a', 'DNS:a.example', 'DNS:localhost', 'IP:127.0.0.1')
  const b = await authority.issue('b', 'DNS:b.example', 'DNS:*.b.example')
  const listening = await listeningPool(t, { tls: using([a, b], more), ...options })
  return { authority, a, b, ...listening }
}

/** The output of openssl for one connection on which it requests `/close`. */
export function sClient(t: Test, port: number, authority: Authority, ...args: string[]): Promise<Ended> {
  const fixed = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-CAfile',
    authority.certFile,
    '-verify_return_error',
    '-ign_eof',
  ]
  return run(t, pathOf('openssl'), [...fixed, ...args], { input: get('/close') })
}

/** A Node client, for tests where openssl's is too limited. */
export async function tlsClient(t: Test, port: number, options: tls.ConnectionOptions): Promise<RawClient> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'a.example',
    ALPNProtocols: ['http/1.1'],
    ...options,
  })
  await new Promise<void>((done, failed) => socket.once('secureConnect', done).once('error', failed))
  return rawClient(t, { port, socket })
}
