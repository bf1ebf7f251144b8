import type { ClientPeer } from '../net/client/client-stream.js'
import { writeProxyPreface } from '../wire/proxy-protocol.js'

/** The PROXY protocol header that begins an upstream connection for this client; LOCAL for a client without an address. */
export function prefaceFor(client: ClientPeer, version: 'v1' | 'v2'): Buffer {
  const ends = client.ends()
  const described = ends.source !== '' && ends.destination !== ''
  return writeProxyPreface(version === 'v1' ? 1 : 2, described ? ends : 'local')
}
