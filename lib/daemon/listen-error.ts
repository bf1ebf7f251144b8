/** Why an address could not be listened on, for people. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already; stop it, or give another port',
  EACCES: 'this user may not; ports below 1024 need a right of their own (CAP_NET_BIND_SERVICE), others do not',
  EADDRNOTAVAIL: 'this machine has no such address; :port listens on every address it has',
  ENOTFOUND: 'this host name cannot be resolved; give an address',
  EAI_AGAIN: 'this host name cannot be resolved now; give an address',
  EAFNOSUPPORT: 'this machine has no addresses of that family',
  EMFILE: 'this process has too many files open (ulimit -n)',
}

/** `address` as it was written. */
export function explainListenError(error: unknown, address: string): ListenError {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const reason = REASONS[code]
  return new ListenError(`Cannot listen on ${address}: ${reason ? `${reason} (${code}).` : `${message}.`}`, {
    cause: error,
  })
}
