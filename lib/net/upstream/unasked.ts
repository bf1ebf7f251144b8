/**
 * Calls back once everything that was already in the kernel for a new connection has been read. Such data is unsolicited (RFC
 * 9112 9.2), and a request that is sent before it is read would take it for its response. A socket is read in the turn of the
 * loop after the one in which it connected, so this takes until the end of the next turn. Data that is sent later cannot be
 * distinguished from a response.
 */
export function whenRead(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
