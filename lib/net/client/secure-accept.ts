import { constants, createHash, type X509Certificate } from 'node:crypto'
import type * as net from 'node:net'
import * as tls from 'node:tls'
import { type CertificateField, distinguishedName, type ShownCertificate } from '../../policy/client-certificate.js'
import { rawSocketOf } from '../socket/handle.js'
import { type CertificatePair, certificatePair, makeContext, readCertificate, reasonOf } from './certificate-pairs.js'
import { ServerNames } from './server-names.js'

/** How clients are met over TLS. */
export interface ClientTlsSettings {
  /** PEM text; `cert` with its chain. A client gets the one that bears the name which it asks for, else the first. */
  readonly certificates: readonly { readonly cert: string; readonly key: string }[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL's notation; '' takes ours. */
  readonly ciphers: string
  /** Asks clients for a certificate of these authorities (PEM). One that is sent must be good, also where none is required. */
  readonly clientCertificates: {
    readonly ca: string
    readonly required: boolean
    /** What requests tell an upstream of it; nothing by default. */
    readonly fields?: readonly CertificateField[]
  } | null
  /** For the whole handshake, from the first octet that we wait for; 0: no limit. */
  readonly handshakeMs: number
}

/** What TLS says about one connection. */
export interface ClientTls {
  /** `TLSv1.3` */
  readonly protocol: string
  readonly cipher: string
  /** What the client asked for, '' for nothing. */
  readonly servername: string
  /** The client's certificate, which is good; null: it sent none. A resumed session has that of its beginning. */
  readonly certificate: ShownCertificate | null
  readonly resumed: boolean
}

/** Who began a handshake; one of the two is called, once, unless the socket is destroyed before. */
export interface Handshake {
  onSecured(socket: tls.TLSSocket, facts: ClientTls): void
  onUnsecured(why: string): void
}

/** One of the certificates, for those who watch their end. */
export interface CertificateFacts {
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly validToMs: number
}

const TLS13_CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** AEAD with forward secrecy, nothing else; each is good, so the client, which knows what its machine does fast, may choose. */
const TLS12_CIPHERS = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
  .flatMap(cipher => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`])
  .join(':')
const CIPHERS = `${TLS13_CIPHERS}:${TLS12_CIPHERS}`

const LONGEST_MS = 2 ** 31 - 1

/** Octets of the keys that session tickets are sealed with. */
export const TICKET_KEY_BYTES = 48

/**
 * The server's side of TLS for connections that somebody else accepted. Made anew for other settings; handshakes that have begun
 * and connections that are open stay with the one that they began with.
 */
export class SecureAccept {
  readonly handshakeMs: number
  readonly certificates: readonly CertificateFacts[]
  readonly #server: tls.Server
  readonly #handshakes = new WeakMap<net.Socket, Handshake>()
  readonly #asks: boolean

  /**
   * @param ticketKeys 48 octets: sessions can be resumed wherever the same are used. Without them, only here.
   * @throws TypeError that names the certificate, key or cipher list that cannot be used
   */
  constructor(settings: ClientTlsSettings, ticketKeys?: Buffer) {
    const { certificates, clientCertificates, handshakeMs } = settings
    const [first] = certificates
    if (first === undefined) throw new TypeError('tls: there is no certificate; name at least one, with its key')
    const { options, pairs, names } = preparedFor(settings)
    this.handshakeMs = handshakeMs
    this.certificates = pairs
    this.#asks = clientCertificates !== null
    this.#server = tls.createServer({
      ...options,
      ...(ticketKeys === undefined ? {} : { ticketKeys }),
      ...first,
      ALPNProtocols: ['http/1.1'],
      requestCert: this.#asks,
      rejectUnauthorized: clientCertificates?.required === true,
      SNICallback: (name, answer) => answer(null, names.find(name)),
      handshakeTimeout: LONGEST_MS, // the deadline is that of whoever began; 0 would be Node's 120 s
    })
    this.#server.on('secureConnection', socket => this.#secured(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#take(socket)?.onUnsecured(whyNot(error, socket)))
  }

  /** What session tickets are sealed with. */
  get ticketKeys(): Buffer {
    return this.#server.getTicketKeys()
  }

  /** From now on; what was sealed with those before opens no session any more. */
  set ticketKeys(keys: Buffer) {
    this.#server.setTicketKeys(keys)
  }

  /** Begins a handshake on a socket that nobody reads any more; what was read of it already was put back (`unshift`). */
  begin(socket: net.Socket, handshake: Handshake): void {
    this.#handshakes.set(socket, handshake)
    socket.allowHalfOpen = false // who ends in the middle of a handshake will not go on with it
    this.#server.emit('connection', socket)
  }

  #take(socket: tls.TLSSocket): Handshake | undefined {
    const raw = rawSocketOf(socket)
    const handshake = raw === null ? undefined : this.#handshakes.get(raw)
    if (raw === null || handshake === undefined) socket.destroy()
    else this.#handshakes.delete(raw)
    return handshake
  }

  #secured(socket: tls.TLSSocket): void {
    const handshake = this.#take(socket)
    const certificate = this.#asks ? socket.getPeerX509Certificate() : undefined
    if (certificate !== undefined && !socket.authorized) {
      handshake?.onUnsecured(whyNot(null, socket))
      return
    }
    socket.allowHalfOpen = true
    handshake?.onSecured(socket, {
      protocol: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      servername: (socket as { servername?: string | false | null }).servername || '',
      certificate: certificate === undefined ? null : shown(certificate),
      resumed: socket.isSessionReused(),
    })
  }
}

function shown({ subject, issuer, serialNumber, fingerprint256, raw }: X509Certificate): ShownCertificate {
  return {
    about: {
      // Node has none at all for an empty one.
      subject: distinguishedName(subject ?? ''),
      issuer: distinguishedName(issuer ?? ''),
      serial: serialNumber,
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    },
    der: raw.toString('base64'),
  }
}

/** What is made of settings, once: they are tried before they are used. */
interface Prepared {
  readonly options: tls.SecureContextOptions
  readonly pairs: readonly CertificatePair[]
  readonly names: ServerNames<tls.SecureContext>
}

const prepared = new WeakMap<ClientTlsSettings, Prepared>()

/** @throws TypeError */
function preparedFor(settings: ClientTlsSettings): Prepared {
  const before = prepared.get(settings)
  if (before !== undefined) return before
  const options = contextOptions(settings)
  const { minVersion, ciphers, clientCertificates } = settings
  const written = JSON.stringify([minVersion, ciphers, clientCertificates])
  const pairs = settings.certificates.map((pair, i) => certificatePair(pair, `certificate ${i + 1}`, options, written))
  const names = new ServerNames<tls.SecureContext>()
  for (const pair of pairs) names.add(pair.names, pair.context)
  const made = { options, pairs, names }
  prepared.set(settings, made)
  return made
}

function contextOptions(settings: ClientTlsSettings): tls.SecureContextOptions {
  const { minVersion, ciphers, clientCertificates } = settings
  if (clientCertificates !== null) readCertificate(clientCertificates.ca, 'the authority of clientCertificates')
  const options: tls.SecureContextOptions = {
    minVersion,
    ciphers: ciphersOf(ciphers),
    honorCipherOrder: ciphers !== '',
    sessionIdContext: sessionContext(settings),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(clientCertificates === null ? {} : { ca: clientCertificates.ca }),
  }
  makeContext(options, `the cipher list ${JSON.stringify(ciphers)}`)
  return options
}

/** A list that names no cipher of TLS 1.3 is about TLS 1.2 alone, and must not switch TLS 1.3 off. */
function ciphersOf(list: string): string {
  if (list === '') return CIPHERS
  return /(?:^|:)TLS_/.test(list) ? list : `${TLS13_CIPHERS}:${list}`
}

/**
 * A session is resumed without looking at certificates again, and ticket keys are shared: so it must never be resumed where other
 * certificates are asked for than where it began.
 */
function sessionContext({ clientCertificates }: ClientTlsSettings): string {
  const asked = clientCertificates && { ca: clientCertificates.ca, required: clientCertificates.required }
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 32)
}

/** Node refuses a certificate by ending the connection, and tells of that end. */
function whyNot(error: Error | null, { authorizationError }: tls.TLSSocket): string {
  return authorizationError || error === null
    ? `the client's certificate is not good: ${authorizationError}`
    : reasonOf(error)
}
