import type { Log } from './logs/log.js'
import { onSignals } from './signals.js'

/** What a process of ours does between its start and its end. */
export interface Run {
  /** For the lines that say how it began. */
  facts: object
  /** Opens everything, and says in the log that it listens. @throws ListenError */
  open(): Promise<void>
  /** From the first signal to the end of everything that runs. */
  drain(signal: string): Promise<void>
  /** Ends everything now. */
  destroy(): void
  hangup(): void
  reopen(): void
  /** Somebody wants new workers. */
  replace?(): void
  /** For the last line. */
  totals?(): Promise<object | undefined>
}

/** For the last lines of a log, when everything else is over. */
const LAST_LINES_MS = 200
/** EX_SOFTWARE of sysexits.h: an error of ours. */
const EXIT_INTERNAL = 70

/**
 * One process, from the opening of its addresses to the end of the drain. Ends the process itself where there is no time
 * left (a second signal, an error nobody caught).
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
      log.logger.warn({ signal }, 'a second signal: ending at once')
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
    // With a second signal the drain is over at once; its end is not the one that was asked for first.
    if (code === 0) log.logger.info({ ...(await run.totals?.()), logLinesDropped: log.dropped() }, 'stopped')
    return code
  } finally {
    giveBack()
    giveBackErrors()
    await log.end(LAST_LINES_MS)
  }
}

/**
 * An error that nobody caught ends the process. The proxy catches its own, so this one says that something is not as we
 * think, and what goes on from there may mix up clients: better to end, loudly, and be started again.
 * @returns a function that lets such errors go their ordinary way again
 */
export function onLastResort(log: Log, destroy: () => void): () => void {
  const end = (error: unknown) => {
    log.logger.fatal({ err: error }, 'an error of hopwise itself: ending. Please report it with these lines')
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

/** What a signal does that asks for new files. `asked` is its name. */
export function reopenLog({ logger, reopen }: Log, asked: string): void {
  try {
    logger.info(reopen() ? `${asked}: the access log was opened anew` : `${asked}: there is no access log to open anew`)
  } catch (error) {
    logger.error({ err: error }, `${asked}: the access log could not be opened anew; lines go on into the old file`)
  }
}
