import pino, { type Logger } from 'pino'
import { plainJson } from '../../wire/visible.js'
import type { AccessFormat } from './access-format.js'
import { LineSink, type Outlet, openForLines, standardOutput } from './line-sink.js'
import { readable } from './readable.js'

export type { Logger } from 'pino'

export interface LogOptions {
  level: string
  /** `auto`: text when standard output is a terminal, else JSON lines. */
  format: 'auto' | 'json' | 'text'
  /** Where the access log goes: a file, `stdout`, or `off`. */
  accessLog: string
  /** Format of the access log; default json. */
  accessFormat?: AccessFormat
  /** The number of this process, where there are several: it is in each line. */
  worker?: number
  /** Instead of standard output, for tests. */
  outlet?: Outlet
  /** True when people read standard output as it is written. */
  terminal?: boolean
}

export interface Log {
  logger: Logger
  /** Takes the access log lines, whatever the level; undefined when they are off. */
  access: ((line: string) => void) | undefined
  /** The format of these lines. */
  accessFormat: AccessFormat
  /** The number of this process, where there are several. */
  worker?: number
  /** Takes whole lines that a worker has written to its standard output. */
  pass(lines: string): void
  /** One line at every level, `silent` too. */
  announce(fields: object, message: string): void
  /** The line that says "listening": like `announce`, but JSON unless a terminal reads it, since programs wait for it. */
  ready(fields: object): void
  /** Reopens the file of the access log after it was moved away. False when there is none. @throws the error of opening it */
  reopen(): boolean
  /** Lines lost so far. */
  dropped(): number
  /** Waits for the last lines, at most `withinMs` for a file and for standard output each. */
  end(withinMs: number): Promise<void>
}

/** @throws the error of opening the access log. */
export function openLog({
  level,
  format,
  accessLog,
  accessFormat = 'json',
  worker,
  outlet = standardOutput(),
  terminal = process.stdout.isTTY === true,
}: LogOptions): Log {
  const text = format === 'text' || (format === 'auto' && terminal)
  const colours = terminal && !process.env.NO_COLOR
  const standard = new LineSink(outlet, dropped => forReaders(notice(dropped)))
  const forReaders = text ? (line: string) => readable(line, colours) : plainJson
  const stream = { write: (line: string) => standard.write(forReaders(line)) }
  const shape = worker === undefined ? SHAPE : { ...SHAPE, base: { worker } }
  const logger = pino({ ...shape, level }, stream)

  // A file always has lines for programs. A notice in it must have the same format, or go elsewhere.
  const elsewhere = (dropped: number) => {
    stream.write(notice(dropped))
    return ''
  }
  const opened = accessLog === 'off' || accessLog === 'stdout' ? undefined : openForLines(accessLog)
  const cannotWrite = (err: Error) =>
    logger.warn({ err }, 'cannot write the access log: retrying; lines beyond the first megabyte are dropped meanwhile')
  const file = opened && new LineSink(opened.outlet, accessFormat === 'json' ? notice : elsewhere, cannotWrite)
  // An access log line is plain JSON already: it is not processed twice.
  const sink = file ?? (text ? stream : standard)
  const always = pino({ ...shape, level: 'info' }, stream)
  const forPrograms = pino({ ...shape, level: 'info' }, { write: (line: string) => standard.write(plainJson(line)) })
  return {
    logger,
    access: accessLog === 'off' ? undefined : line => sink.write(line),
    accessFormat,
    ...(worker === undefined ? {} : { worker }),
    pass(lines) {
      const each = lines.split('\n').slice(0, -1)
      standard.write(text ? each.map(line => readable(line, colours)).join('') : lines, each.length)
    },
    announce: (fields, message) => always.info(fields, message),
    ready: fields => (terminal ? always : forPrograms).info(fields, 'listening'),
    reopen() {
      opened?.reopen()
      return opened !== undefined
    },
    dropped: () => standard.dropped + (file?.dropped ?? 0),
    async end(withinMs) {
      // The file first: the loss of its lines may have to be reported.
      const before = file?.dropped ?? 0
      await file?.end(withinMs)
      // The file cannot report the lines that it has just lost.
      const lost = (file?.dropped ?? 0) - before
      if (lost > 0) stream.write(notice(lost))
      await standard.end(withinMs)
    },
  }
}

const SHAPE = {
  // No host name and process id: the operator knows both, and they would be a fifth of every line.
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
} satisfies pino.LoggerOptions

function notice(dropped: number): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, dropped, msg: 'log lines were dropped: they could not be written' })}\n`
}
