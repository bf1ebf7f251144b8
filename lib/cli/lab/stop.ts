import * as os from 'node:os'

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/**
 * Ctrl-C and similar signals while an experiment runs: the first cancels the run, which closes everything; a second one exits at
 * once.
 */
export interface Stopping {
  readonly signal: AbortSignal
  /** The exit code that a shell reports for a process ended by this signal; 0: no signal came. */
  code(): number
  /** Restores the default handling of the signals. */
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
  // The output is closed: there is no reason to go on.
  const unread = () => stop.abort(new Error('the output was closed'))
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
