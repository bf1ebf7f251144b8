import * as net from 'node:net'

/**
 * A socket that reads an accepted connection into `buffer`, which many may share: `callback(length)` handles the data
 * before the next read. Accepted sockets take no `onread`; a new socket made from their handle does. The accepted socket
 * cannot be used afterwards.
 */
export function withOnread(accepted, buffer, callback) {
  const handle = accepted._handle
  accepted._handle = null
  accepted.destroy()
  const socket = new net.Socket({ handle, onread: { buffer, callback } })
  socket.resume()
  return socket
}
