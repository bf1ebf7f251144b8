/** The command line or the environment is wrong. The message, one sentence or two, says what is wrong, where, and what to
 * do. Ends the process with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
