/** More than the queue of a listening socket holds: a listener that is being flooded must end, too. */
const TURNS_MAX = 8_192

/**
 * Resolves when the kernel has no more connections to accept, as far as that can be known: a connection that is still in its
 * queue when the socket is closed gets a reset, and the request that came with it is lost. Node accepts one in each turn of its
 * loop. The caller must close the socket at once, in the same turn.
 *
 * @param counts how many were accepted so far
 */
export async function quietAccept(counts: { readonly accepted: number }): Promise<void> {
  let quiet = 0
  // Twice: the first turn may already have checked the queue.
  for (let turn = 0; quiet < 2 && turn < TURNS_MAX; turn++) {
    const before = counts.accepted
    await new Promise(done => setImmediate(done))
    quiet = counts.accepted === before ? quiet + 1 : 0
  }
}
