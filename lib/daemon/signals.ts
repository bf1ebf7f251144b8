import * as os from 'node:os'
import * as tty from 'node:tty'

type StopSignal = 'SIGTERM' | 'SIGINT'

export interface SignalHandlers {
  /** The first SIGTERM or SIGINT. */
  stop(signal: StopSignal): void
  /** The second one: `code` is the shell's exit status for a process killed by this signal (128 + its number). */
  stopNow(signal: StopSignal, code: number): void
  /** SIGHUP: the terminal is gone, or a reload is requested. No reason to exit. */
  hangup(): void
  /** SIGUSR2: the log files were moved away. */
  reopen(): void
  /** SIGWINCH that does not come from a terminal: the workers are to be replaced. */
  replace(): void
}

/**
 * npm forwards a signal that the terminal already sent to all processes: one Ctrl-C arrives twice, the second time with a
 * delay.
 */
const TWICE_MS = 1_000

/**
 * Takes over the signals that end a process; this matters as PID 1, where a signal without a handler is ignored. SIGUSR1 is left
 * alone: it opens Node's inspector. SIGPIPE is ignored by Node. SIGWINCH is for workers, as in nginx: it does not kill a process
 * that has no handler for it; a terminal sends it, too, when its window is resized. @returns a function that gives them back
 */
export function onSignals(handlers: SignalHandlers): () => void {
  let first: { signal: StopSignal; at: number } | undefined
  let isRepeated = false
  const underNpm = /^(start|lab)$/.test(process.env.npm_lifecycle_event ?? '')
  const stop = (signal: StopSignal) => {
    if (!first) {
      first = { signal, at: performance.now() }
      handlers.stop(signal)
    } else if (underNpm && !isRepeated && first.signal === signal && performance.now() - first.at < TWICE_MS) {
      isRepeated = true
    } else {
      handlers.stopNow(signal, 128 + os.constants.signals[signal])
    }
  }
  const hangup = () => handlers.hangup()
  const reopen = () => handlers.reopen()
  const replace = () => {
    if (!isAtTerminal()) handlers.replace()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangup).on('SIGUSR2', reopen).on('SIGWINCH', replace)
  return () => {
    // When everything ends quickly, the repeated signal is still to come. It must not kill a process that ended cleanly.
    if (underNpm && first) process.on(first.signal, () => {})
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangup).off('SIGUSR2', reopen)
    process.off('SIGWINCH', replace)
  }
}

function isAtTerminal(): boolean {
  return [0, 1, 2].some(fd => tty.isatty(fd))
}
