import { tlsMemory, type UpstreamTls } from '../../net/upstream/dial.js'
import { OptionError } from '../../policy/option-error.js'
import { checkAuthorities, choice, flag, type Shape, shape, text } from './check.js'
import type { ServerOptions } from './server-options.js'

export const UPSTREAM_TLS = shape({
  ca: text,
  servername: text,
  insecure: flag,
  cert: text,
  key: text,
  minVersion: choice('TLSv1.2', 'TLSv1.3'),
} satisfies Shape<UpstreamTls>)

/** The TLS settings of a group. Without an https:// server they would silently have no effect: an error. @throws OptionError */
export function tlsOf(what: string, servers: readonly (string | ServerOptions)[], tls: UpstreamTls): UpstreamTls {
  if (!servers.some(server => /^(srv\+)?https:/i.test(typeof server === 'string' ? server : server.url)))
    throw new OptionError(`${what} has no effect: no server of this group is https://`)
  return checkTls(what, tls)
}

/** Reports what OpenSSL rejects now, not when the first connection is made. @throws OptionError */
export function checkTls(what: string, tls: UpstreamTls): UpstreamTls {
  const { ca, cert, key, insecure } = tls
  if (ca !== undefined) checkAuthorities(`${what}.ca`, ca)
  if (ca !== undefined && insecure === true)
    throw new OptionError(`${what}.ca and ${what}.insecure contradict each other: omit one of them`)
  if ((cert === undefined) !== (key === undefined))
    throw new OptionError(
      `${what}.${cert === undefined ? 'cert' : 'key'} is missing: a client certificate needs both cert and key`,
    )
  try {
    tlsMemory(tls)
  } catch (error) {
    throw new OptionError(`${what} cannot be used: ${(error as Error).message}`)
  }
  return tls
}
