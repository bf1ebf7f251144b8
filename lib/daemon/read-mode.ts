import { systemClock } from '../net/clock.js'
import type { ReadMode } from '../net/socket/read-mode.js'
import { checkTransport, type SelfCheck } from '../net/socket/self-check.js'
import type { Logger } from './logs/log.js'

/**
 * How sockets are read and written: as configured, or in the documented way if this Node does not behave as the other way
 * requires. Says so in the log, once per process.
 * @param check tries it
 */
export async function workingReadMode(
  asked: ReadMode,
  logger: Pick<Logger, 'warn'>,
  check: () => Promise<SelfCheck> = () => checkTransport(systemClock),
): Promise<ReadMode> {
  if (asked === 'data') return asked
  const found = await check()
  if (found.works !== false) return asked
  logger.warn(
    { readMode: 'data', node: process.version },
    `this Node does not read and write as hopwise expects (${found.why}): falling back to the documented way, which costs more CPU (readMode: data)`,
  )
  return 'data'
}
