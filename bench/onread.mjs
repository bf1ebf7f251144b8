import * as net from 'node:net'

/**
 * A socket that reads an accepted connection into `buffer`, which many may share: `callback(length)` looks at it before
 * the next read. Accepted sockets take no `onread`; one that is made around their handle does. The accepted one is spent.
 */
export function withOnread(accepted, buffer, callback) {
  const handle = accepted._handle
  accepted._handle = null
  accepted.destroy()
  const socket = new net.Socket({ handle, onread: { buffer, callback } })
  socket.resume()
  return socket
}
