/** The command line or the environment says something that cannot be done. The message is one sentence or two: what,
 * where it stands, what to do. Ends the process with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
