/** What is told of a client's certificate, which is good: each as plain ASCII that may stand in a field and in a log. */
export interface ClientCertificate {
  /** RFC 4514: `CN=alice,O=Example`, the most particular first. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, in capitals. */
  readonly serial: string
  /** SHA-256 of the certificate, 64 hexadecimal digits in lower case. */
  readonly fingerprint: string
}

/** A certificate as a client showed it. */
export interface ShownCertificate {
  readonly about: ClientCertificate
  /** All of it: DER in base64. */
  readonly der: string
}

/** Which field tells what to the upstream; `certificate` is all of it (RFC 9440 2.2). */
export const CERTIFICATE_FIELDS = {
  subject: 'X-Client-Cert-Subject',
  issuer: 'X-Client-Cert-Issuer',
  serial: 'X-Client-Cert-Serial',
  fingerprint: 'X-Client-Cert-Fingerprint',
  certificate: 'Client-Cert',
} as const

export type CertificateField = keyof typeof CERTIFICATE_FIELDS

/** These fields as lines. */
export function certificateLines({ about, der }: ShownCertificate, fields: readonly CertificateField[]): string {
  let out = ''
  for (const field of fields)
    out += `${CERTIFICATE_FIELDS[field]}: ${field === 'certificate' ? `:${der}:` : about[field]}\r\n`
  return out
}

/**
 * A name as RFC 4514 writes it, in ASCII: its bytes beyond that are escaped, as OpenSSL and nginx do.
 * @param name as OpenSSL prints it over several lines, one for each part, with what is special escaped (`X509Certificate.subject`)
 */
export function distinguishedName(name: string): string {
  const parts = name.split('\n').reverse()
  // Within one part several values are one in what they say; a plus sign in a value is escaped.
  return parts
    .map(part => part.split(' + ').reverse().join('+'))
    .join(',')
    .replace(/[^ -~]/gu, octets)
}

function octets(letter: string): string {
  return [...Buffer.from(letter)].map(octet => `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
