import { constants, createHash, type X509Certificate } from 'node:crypto'
import type * as net from 'node:net'
import * as tls from 'node:tls'
import { type CertificateField, distinguishedName, type ShownCertificate } from '../../policy/client-certificate.js'
import { OptionError } from '../../policy/option-error.js'
import { rawSocketOf } from '../socket/handle.js'
import { type CertificatePair, certificatePair, makeContext, readCertificate, reasonOf } from './certificate-pairs.js'
import { ServerNames } from './server-names.js'

/** TLS settings for client connections. */
export interface ClientTlsSettings {
  /** PEM text; `cert` with its chain. A client gets the certificate that matches its server name, otherwise the first. */
  readonly certificates: readonly { readonly cert: string; readonly key: string }[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** In OpenSSL's notation; '' uses our default. */
  readonly ciphers: string
  /**
   * Requests a client certificate issued by these CAs (PEM). If a client sends one, it must be valid even where none is
   * required.
   */
  readonly clientCertificates: {
    readonly ca: string
    readonly required: boolean
    /** Which of its fields are passed to the upstream with requests; none by default. */
    readonly fields?: readonly CertificateField[]
  } | null
  /** For the whole handshake, from the moment that we wait for its first byte; 0: no limit. */
  readonly handshakeMs: number
}

/** The TLS parameters of one connection. */
export interface ClientTls {
  /** `TLSv1.3` */
  readonly protocol: string
  readonly cipher: string
  /** The name that the client requested (SNI), '' for none. */
  readonly servername: string
  /** The client's certificate, which is valid; null: it sent none. A resumed session has the one of its original handshake. */
  readonly certificate: ShownCertificate | null
  readonly resumed: boolean
}

/** The callbacks of a handshake; one of the two is called, once, unless the socket is destroyed first. */
export interface Handshake {
  onSecured(socket: tls.TLSSocket, facts: ClientTls): void
  onUnsecured(why: string): void
}

/** Facts about one of the certificates, for monitoring its expiry. */
export interface CertificateFacts {
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly validToMs: number
}

const TLS13_CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** Only AEAD with forward secrecy; all are secure, so the client, which knows what its hardware does fast, may choose. */
const TLS12_CIPHERS = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
  .flatMap(cipher => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`])
  .join(':')
const CIPHERS = `${TLS13_CIPHERS}:${TLS12_CIPHERS}`

const LONGEST_MS = 2 ** 31 - 1

/** The size in bytes of the keys that encrypt session tickets. */
export const TICKET_KEY_BYTES = 48

/**
 * The server side of TLS for connections accepted elsewhere. Other settings need a new instance; handshakes in progress and open
 * connections stay with the instance that they began with.
 */
export class SecureAccept {
  readonly handshakeMs: number
  readonly certificates: readonly CertificateFacts[]
  readonly #server: tls.Server
  readonly #handshakes = new WeakMap<net.Socket, Handshake>()
  readonly #asks: boolean

  /**
   * @param ticketKeys 48 bytes: sessions can be resumed wherever the same keys are used. Without them, only here.
   * @throws OptionError that names the certificate, key or cipher list that cannot be used
   */
  constructor(settings: ClientTlsSettings, ticketKeys?: Buffer) {
    const { certificates, clientCertificates, handshakeMs } = settings
    const [first] = certificates
    if (first === undefined) throw new OptionError('tls: no certificate; give at least one, with its key')
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
      handshakeTimeout: LONGEST_MS, // the caller of `begin` has its own deadline; 0 would mean Node's 120 s
    })
    this.#server.on('secureConnection', socket => this.#secured(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#take(socket)?.onUnsecured(whyNot(error, socket)))
  }

  /** The keys that encrypt session tickets. */
  get ticketKeys(): Buffer {
    return this.#server.getTicketKeys()
  }

  /** Takes effect at once: a ticket encrypted with the old keys no longer resumes a session. */
  set ticketKeys(keys: Buffer) {
    this.#server.setTicketKeys(keys)
  }

  /** Begins a handshake on a socket that is no longer read elsewhere; bytes that were already read were put back (`unshift`). */
  begin(socket: net.Socket, handshake: Handshake): void {
    this.#handshakes.set(socket, handshake)
    socket.allowHalfOpen = false // a client that ends its side during a handshake will not complete it
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
      // Node has undefined for an empty one.
      subject: distinguishedName(subject ?? ''),
      issuer: distinguishedName(issuer ?? ''),
      serial: serialNumber,
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    },
    der: raw.toString('base64'),
  }
}

/** What is derived from settings, once: settings are validated before they are used. */
interface Prepared {
  readonly options: tls.SecureContextOptions
  readonly pairs: readonly CertificatePair[]
  readonly names: ServerNames<tls.SecureContext>
}

const prepared = new WeakMap<ClientTlsSettings, Prepared>()

/** @throws OptionError */
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

/** A list without TLS 1.3 ciphers concerns only TLS 1.2, and must not disable TLS 1.3. */
function ciphersOf(list: string): string {
  if (list === '') return CIPHERS
  return /(?:^|:)TLS_/.test(list) ? list : `${TLS13_CIPHERS}:${list}`
}

/**
 * Resuming a session does not check certificates again, and ticket keys are shared: so a session must never be resumed where
 * the requirements for client certificates differ from those where it began.
 */
function sessionContext({ clientCertificates }: ClientTlsSettings): string {
  const asked = clientCertificates && { ca: clientCertificates.ca, required: clientCertificates.required }
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 32)
}

/** Node refuses a certificate by closing the connection, and reports the close. */
function whyNot(error: Error | null, { authorizationError }: tls.TLSSocket): string {
  return authorizationError || error === null
    ? `the client's certificate is not valid: ${authorizationError}`
    : reasonOf(error)
}
