/**
 * Calls back once what lay in the kernel for a connection that has just been made was read: nobody has asked for that (RFC 9112 9.2), and
 * whoever asks before it is read takes it for the answer. A socket is read in the turn of the loop after the one in which it has
 * connected, so that takes the end of this turn and of the next one. What is sent later is not told from an answer, by anybody.
 */
export function whenRead(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
