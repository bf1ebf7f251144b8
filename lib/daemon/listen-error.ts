/** Why hopwise cannot listen on an address, in words. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process already listens there; stop it, or use another port',
  EACCES: 'permission denied; a port below 1024 needs CAP_NET_BIND_SERVICE, use a higher one or grant it',
  EADDRNOTAVAIL: 'this machine has no such address; use one that it has, or :port for all of them',
  ENOTFOUND: 'the host name cannot be resolved; use an address',
  EAI_AGAIN: 'the host name cannot be resolved at the moment; try again, or use an address',
  EAFNOSUPPORT: 'this machine has no addresses of that family',
  EMFILE: 'this process has too many files open; raise ulimit -n',
}

/** @param address as it was written */
export function explainListenError(error: unknown, address: string): ListenError {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const reason = REASONS[code]
  return new ListenError(`Cannot listen on ${address}: ${reason ? `${reason} (${code}).` : `${message}.`}`, {
    cause: error,
  })
}
