import type * as net from 'node:net'
import { acceptHandles, type Peer } from './handle.js'
import { type AcceptSettings, Transport, type TransportOwner } from './transport.js'

/** Makes the transport of an accepted connection, once. */
export type Take = (owner: TransportOwner) => Transport

/**
 * Has `accept` called for each connection that the server accepts, with its peer; the transport is made by `take`, or
 * never. Where this Node allows it, no socket of the server's own is made first, which is half the cost of a connection.
 */
export function acceptFrom(
  server: net.Server,
  settings: AcceptSettings,
  accept: (peer: Peer, take: Take) => void,
): void {
  const { readMode } = settings
  server.on('connection', socket => {
    const { remoteAddress, remotePort = 0 } = socket
    if (remoteAddress === undefined)
      socket.destroy() // reset before we looked at it
    else accept({ address: remoteAddress, port: remotePort }, owner => Transport.accepted(socket, owner, readMode))
  })
  if (readMode !== 'onread') return
  acceptHandles(server, (handle, peer) => accept(peer, owner => Transport.overHandle(handle, owner, settings)))
}
