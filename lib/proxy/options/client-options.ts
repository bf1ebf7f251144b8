import { TrustedPeers } from '../../net/client/trusted-peers.js'
import { CERTIFICATE_FIELDS } from '../../policy/client-certificate.js'
import { foldedName } from '../../policy/folded-name.js'
import { OptionError } from '../../policy/option-error.js'
import type { ClientFields } from '../../policy/request-context.js'
import { named } from './check.js'
import type { ProxyOptions } from './proxy-options.js'
import type { Settings } from './settings.js'

// Which clients may connect, which peers are trusted, and what requests tell upstreams about their client.

/** Which clients may connect; null: all. @throws OptionError */
export function guardsOf({ allow, deny = [] }: NonNullable<ProxyOptions['clients']> = {}): Settings['guards'] {
  if (allow === undefined && deny.length === 0) return null
  return {
    allow: allow === undefined ? null : peersOf('clients.allow', allow),
    deny: deny.length === 0 ? null : peersOf('clients.deny', deny),
  }
}

/** @throws OptionError that names the option */
export function peersOf(what: string, blocks: readonly string[]): TrustedPeers {
  return named(what, () => new TrustedPeers(blocks, what))
}

/** The fields about the client besides `X-Forwarded-For`, `-Host`, `-Proto` and `Forwarded`; null: none. @throws OptionError */
export function clientFieldsOf(options: ProxyOptions, trusted: TrustedPeers): ClientFields | null {
  const { mode, xForwardedPort = false, xForwardedPrefix = false, xRealIp = false, keepFields = [] } = options
  const certificate = options.tls?.clientCertificates?.fields ?? []
  if (certificate.length > 0 && mode === 'forward')
    throw new OptionError(
      'tls.clientCertificates.fields is for mode "reverse": a forward proxy does not tell servers who its clients are',
    )
  const ours: Record<string, boolean> = {
    ...Object.fromEntries(certificate.map(field => [CERTIFICATE_FIELDS[field].toLowerCase(), true])),
    'x-forwarded-port': xForwardedPort,
    'x-forwarded-prefix': xForwardedPrefix,
    'x-real-ip': xRealIp,
  }
  for (const name of keepFields) {
    if (ours[foldedName(name)] === true)
      throw new OptionError(`keepFields: ${name} cannot be kept because other options make hopwise set it itself`)
  }
  if (!xForwardedPort && !xForwardedPrefix && !xRealIp && certificate.length === 0) return null
  return {
    forwardedPort: xForwardedPort,
    forwardedPrefix: xForwardedPrefix,
    realIp: xRealIp,
    certificate,
    isTrusted: address => trusted.has(address),
  }
}
