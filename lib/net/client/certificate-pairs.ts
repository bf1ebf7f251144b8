import { hash, X509Certificate } from 'node:crypto'
import * as tls from 'node:tls'
import { OptionError } from '../../policy/option-error.js'
import { namesOf } from './server-names.js'

/** A certificate with its key, ready to use in handshakes. */
export interface CertificatePair {
  readonly context: tls.SecureContext
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly validToMs: number
}

/**
 * Making a pair takes a millisecond, and a reload passes all pairs again: those in use are not made twice. They are identified
 * by a digest of certificate, key and options, and forgotten when they are no longer used.
 */
const known = new Map<string, WeakRef<CertificatePair>>()
const forgotten = new FinalizationRegistry<string>(digest => {
  if (known.get(digest)?.deref() === undefined) known.delete(digest)
})

/**
 * @param which its name in errors: `certificate 2`
 * @param options common to all pairs; `written`: the same as text
 * @throws OptionError that says what is wrong with it
 */
export function certificatePair(
  { cert, key }: { readonly cert: string; readonly key: string },
  which: string,
  options: tls.SecureContextOptions,
  written: string,
): CertificatePair {
  const digest = hash('sha256', JSON.stringify([cert, key, written]), 'base64')
  const before = known.get(digest)?.deref()
  if (before !== undefined) return before
  const leaf = readCertificate(cert, which)
  const context = makeContext({ ...options, cert, key }, `${which} or its key`)
  const pair = { context, names: namesOf(leaf), validToMs: Date.parse(leaf.validTo) }
  known.set(digest, new WeakRef(pair))
  forgotten.register(pair, digest)
  return pair
}

/** @throws OptionError */
export function readCertificate(pem: string, which: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new OptionError(`tls: ${which} is not a certificate in PEM format: ${reasonOf(error)}`)
  }
}

/** @throws OptionError */
export function makeContext(options: tls.SecureContextOptions, what: string): tls.SecureContext {
  try {
    return tls.createSecureContext(options)
  } catch (error) {
    throw new OptionError(`tls: ${what} cannot be used: ${reasonOf(error)}`)
  }
}

/** OpenSSL's text is the last part of its message: `error:0A000102:SSL routines::unsupported protocol`. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  const words = /error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(message)?.[1] ?? message
  return code === undefined || code.startsWith('ERR_') || words.includes(code)
    ? words.trim()
    : `${words.trim()} (${code})`
}
