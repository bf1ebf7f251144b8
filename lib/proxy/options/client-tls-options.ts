import type { ClientTlsSettings } from '../../net/client/secure-accept.js'
import type { CertificateField } from '../../policy/client-certificate.js'
import { filled } from './check.js'

/** TLS for connections from clients. */
export type ClientTlsOptions = Pick<ClientTlsSettings, 'certificates'> &
  Partial<Omit<ClientTlsSettings, 'clientCertificates'>> & {
    /** Request certificates from clients. With `required` (the default) a client without a valid one is refused. */
    readonly clientCertificates?: {
      readonly ca: string
      readonly required?: boolean
      readonly fields?: readonly CertificateField[]
    } | null
  }

/** Fills in the defaults. */
export function clientTls({ clientCertificates = null, ...options }: ClientTlsOptions): ClientTlsSettings {
  return {
    ...filled(
      { minVersion: 'TLSv1.2', ciphers: '', handshakeMs: HANDSHAKE_MS, certificates: options.certificates },
      options,
    ),
    clientCertificates:
      clientCertificates === null
        ? null
        : filled({ ca: '', required: true, fields: [] as readonly CertificateField[] }, clientCertificates),
  }
}

/** The same time as an upstream has. */
export const HANDSHAKE_MS = 10_000
