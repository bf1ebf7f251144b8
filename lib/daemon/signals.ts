import * as os from 'node:os'
import * as tty from 'node:tty'

type StopSignal = 'SIGTERM' | 'SIGINT'

export interface SignalHandlers {
  /** The first SIGTERM or SIGINT. */
  stop(signal: StopSignal): void
  /** The second: `code` is what a shell says of a process that this signal ended (128 + its number). */
  stopNow(signal: StopSignal, code: number): void
  /** SIGHUP: the terminal is gone, or somebody wants a reload. Not to end for. */
  hangup(): void
  /** SIGUSR2: the files of the logs were moved away. */
  reopen(): void
  /** SIGWINCH, but not of a terminal: somebody wants new workers. */
  replace(): void
}

/** npm passes on what the terminal already sent to everybody: one Ctrl-C arrives twice, the second time when npm comes to it. */
const TWICE_MS = 1_000

/**
 * Takes over the signals that end a process; as PID 1, too, where a signal without a handler is not obeyed at all.
 * SIGUSR1 is left alone: it opens Node's inspector. SIGPIPE is ignored by Node. SIGWINCH is for workers as it is with nginx: it ends
 * no process that does not know it; a terminal sends it as well, when its window changes. @returns a function that gives them back
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
    // When everything ends quickly, the second one is still to come. It must not kill what has ended well.
    if (underNpm && first) process.on(first.signal, () => {})
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangup).off('SIGUSR2', reopen)
    process.off('SIGWINCH', replace)
  }
}

function isAtTerminal(): boolean {
  return [0, 1, 2].some(fd => tty.isatty(fd))
}
