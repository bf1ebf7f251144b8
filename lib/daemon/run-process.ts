import type { Log } from './logs/log.js'
import { onSignals } from './signals.js'

/** What a hopwise process does between its start and its end. */
export interface Run {
  /** For the first lines of the log. */
  facts: object
  /** Opens everything, and logs that it listens. @throws ListenError */
  open(): Promise<void>
  /** From the first signal to the end of everything that runs. */
  drain(signal: string): Promise<void>
  /** Ends everything now. */
  destroy(): void
  hangup(): void
  reopen(): void
  /** Replaces the workers. */
  replace?(): void
  /** For the last line. */
  totals?(): Promise<object | undefined>
}

/** For the last lines of a log, when everything else is over. */
const LAST_LINES_MS = 200
/** EX_SOFTWARE of sysexits.h: an internal error. */
const EXIT_INTERNAL = 70

/**
 * One process, from opening its addresses to the end of the drain. Exits by itself where there is no time left (a second
 * signal, an uncaught error).
 *
 * @returns the exit code @throws what `open` throws
 */
export async function runProcess(run: Run, log: Log): Promise<number> {
  log.logger.info(run.facts, 'starting')
  let stop = (_signal: string) => {}
  const stopping = new Promise<string>(resolve => {
    stop = resolve
  })
  let code = 0
  const giveBack = onSignals({
    stop,
    stopNow: (signal, endCode) => {
      code = endCode
      log.logger.warn({ signal }, 'second signal: exiting at once')
      void endNow(endCode, run, log)
    },
    hangup: () => run.hangup(),
    reopen: () => run.reopen(),
    replace: () => run.replace?.(),
  })
  const giveBackErrors = onLastResort(log, () => run.destroy())
  try {
    await run.open()
    const signal = await stopping
    await run.drain(signal)
    // A second signal ends the drain at once, so this is not the end that the first one asked for.
    if (code === 0) log.logger.info({ ...(await run.totals?.()), logLinesDropped: log.dropped() }, 'stopped')
    return code
  } finally {
    giveBack()
    giveBackErrors()
    await log.end(LAST_LINES_MS)
  }
}

/**
 * An uncaught error ends the process. The proxy catches its own errors, so this one means that an assumption is wrong, and
 * a process that continued could mix up clients: it is better to end, loudly, and be restarted.
 * @returns a function that restores Node's handling of such errors
 */
export function onLastResort(log: Log, destroy: () => void): () => void {
  const end = (error: unknown) => {
    log.logger.fatal(
      { err: error },
      'internal error: exiting. This is a bug in hopwise; please report it with these lines',
    )
    void endNow(EXIT_INTERNAL, { destroy }, log)
  }
  process.on('uncaughtException', end).on('unhandledRejection', end)
  return () => {
    process.off('uncaughtException', end).off('unhandledRejection', end)
  }
}

async function endNow(code: number, run: Pick<Run, 'destroy'>, log: Log): Promise<void> {
  run.destroy()
  await log.end(LAST_LINES_MS)
  process.exit(code)
}

/** Reopens the access log. @param asked the name of the signal */
export function reopenLog({ logger, reopen }: Log, asked: string): void {
  try {
    logger.info(reopen() ? `${asked}: the access log was reopened` : `${asked}: there is no access log to reopen`)
  } catch (error) {
    logger.error({ err: error }, `${asked}: the access log could not be reopened; lines still go to the old file`)
  }
}
