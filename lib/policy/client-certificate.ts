/** The properties of a verified client certificate, each as plain ASCII that is valid in a field and in a log. */
export interface ClientCertificate {
  /** RFC 4514: `CN=alice,O=Example`, the most specific part first. */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal, in upper case. */
  readonly serial: string
  /** SHA-256 of the certificate, 64 hexadecimal digits in lower case. */
  readonly fingerprint: string
}

/** A certificate that a client presented. */
export interface ShownCertificate {
  readonly about: ClientCertificate
  /** The whole certificate: DER in base64. */
  readonly der: string
}

/** The field that carries each property to the upstream; `certificate` is the whole certificate (RFC 9440 2.2). */
export const CERTIFICATE_FIELDS = {
  subject: 'X-Client-Cert-Subject',
  issuer: 'X-Client-Cert-Issuer',
  serial: 'X-Client-Cert-Serial',
  fingerprint: 'X-Client-Cert-Fingerprint',
  certificate: 'Client-Cert',
} as const

export type CertificateField = keyof typeof CERTIFICATE_FIELDS

/** The lines of these fields. */
export function certificateLines({ about, der }: ShownCertificate, fields: readonly CertificateField[]): string {
  let out = ''
  for (const field of fields)
    out += `${CERTIFICATE_FIELDS[field]}: ${field === 'certificate' ? `:${der}:` : about[field]}\r\n`
  return out
}

/**
 * A name in the form of RFC 4514, in ASCII: other bytes are escaped, as in OpenSSL and nginx.
 * @param name as OpenSSL prints it on several lines, one for each part, with special characters escaped
 *   (`X509Certificate.subject`)
 */
export function distinguishedName(name: string): string {
  const parts = name.split('\n').reverse()
  // One part may have several values (a multi-valued RDN); a plus sign within a value is escaped.
  return parts
    .map(part => part.split(' + ').reverse().join('+'))
    .join(',')
    .replace(/[^ -~]/gu, octets)
}

function octets(letter: string): string {
  return [...Buffer.from(letter)].map(octet => `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
