import * as net from 'node:net'
import type { AcceptSettings } from './accept-settings.js'
import { acceptHandles, type Peer, type StreamHandle } from './handle.js'
import type { ReadMode } from './read-mode.js'
import { Transport, type TransportOwner } from './transport.js'

/** Makes the transport of an accepted connection, once; `mode` overrides the usual read mode. */
export type Take = (owner: TransportOwner, mode?: ReadMode) => Transport

/** A peer on a unix socket: it has no address. */
const UNIX_PEER: Peer = { address: '', port: 0 }

/**
 * Calls `accept` with the peer of each connection that the server accepts; calling `take` makes the transport. Where this Node
 * version allows it, the server does not first make its own socket, which would be half the cost of a connection.
 *
 * @param from its settings are read at each accept, except the read mode, which is read now
 */
export function acceptFrom(
  server: net.Server,
  from: { readonly settings: AcceptSettings },
  accept: (peer: Peer, take: Take) => void,
): void {
  const { readMode } = from.settings
  let unix = false
  server.on('listening', () => {
    const at = server.address()
    unix = at === null || typeof at === 'string'
  })
  server.on('connection', socket => {
    const { remoteAddress, remotePort = 0 } = socket
    const peer = remoteAddress === undefined ? UNIX_PEER : { address: remoteAddress, port: remotePort }
    if (peer === UNIX_PEER && !unix)
      socket.destroy() // reset before we read its address
    else accept(peer, (owner, mode = readMode) => Transport.accepted(setUp(socket, from.settings), owner, mode))
  })
  if (readMode !== 'onread') return
  acceptHandles(server, (handle, peer) =>
    accept(peer, (owner, mode = readMode) =>
      mode === 'onread'
        ? Transport.overHandle(handle, owner, from.settings)
        : Transport.accepted(setUp(socketOver(handle), from.settings), owner, mode),
    ),
  )
}

function socketOver(handle: StreamHandle): net.Socket {
  return new net.Socket({ handle, allowHalfOpen: true } as net.SocketConstructorOpts)
}

/** Sets TCP options; a unix socket ignores them. */
function setUp(socket: net.Socket, { noDelay, tcpKeepAliveMs }: AcceptSettings): net.Socket {
  if (noDelay) socket.setNoDelay(true)
  if (tcpKeepAliveMs > 0) socket.setKeepAlive(true, tcpKeepAliveMs)
  return socket
}
