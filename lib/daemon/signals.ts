import * as os from 'node:os'

type StopSignal = 'SIGTERM' | 'SIGINT'

export interface SignalHandlers {
  /** The first SIGTERM or SIGINT. */
  stop(signal: StopSignal): void
  /** The second: `code` is what a shell says of a process that this signal ended (128 + its number). */
  stopNow(signal: StopSignal, code: number): void
  /** SIGHUP: the terminal is gone, or somebody wants a reload. Not to end for. */
  hangup(): void
}

/** npm passes on what the terminal already sent to everybody: within this time one Ctrl-C arrives twice. */
const TWICE_MS = 250

/**
 * Takes over the signals that end a process; as PID 1, too, where a signal without a handler is not obeyed at all.
 * SIGUSR1 is left alone: it opens Node's inspector. SIGPIPE is ignored by Node. @returns a function that gives them back
 */
export function onSignals(handlers: SignalHandlers): () => void {
  let first: { signal: StopSignal; at: number } | undefined
  const underNpm = process.env.npm_lifecycle_event === 'start'
  const stop = (signal: StopSignal) => {
    if (!first) {
      first = { signal, at: performance.now() }
      handlers.stop(signal)
    } else if (!(underNpm && first.signal === signal && performance.now() - first.at < TWICE_MS)) {
      handlers.stopNow(signal, 128 + os.constants.signals[signal])
    }
  }
  const hangup = () => handlers.hangup()
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangup)
  return () => {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangup)
  }
}
