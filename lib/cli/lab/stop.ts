import * as os from 'node:os'

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Ctrl-C and its kin while an experiment runs: the first breaks the run off, so that it closes everything; a second one ends at once. */
export interface Stopping {
  readonly signal: AbortSignal
  /** What a shell says of a process that this signal ended; 0: none came. */
  code(): number
  /** Gives the signals back. */
  over(): void
}

export function stopping(): Stopping {
  const stop = new AbortController()
  let code = 0
  const take = (signal: StopSignal) => {
    if (code !== 0) process.exit(code)
    code = 128 + os.constants.signals[signal]
    stop.abort(new Error(signal))
  }
  // Nobody reads any more: nothing is left to run for.
  const unread = () => stop.abort(new Error('nobody reads the output'))
  process.on('SIGINT', take).on('SIGTERM', take).on('SIGHUP', take)
  process.stdout.on('error', unread)
  return {
    signal: stop.signal,
    code: () => code,
    over() {
      process.off('SIGINT', take).off('SIGTERM', take).off('SIGHUP', take)
      process.stdout.off('error', unread)
    },
  }
}
