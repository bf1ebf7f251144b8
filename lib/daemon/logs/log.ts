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
  /** A file for the exchanges, `stdout`, or `off`. */
  accessLog: string
  /** How the exchanges are written; default json. */
  accessFormat?: AccessFormat
  /** The number of this process, where there are several: it stands in each line. */
  worker?: number
  /** Instead of standard output, for tests. */
  outlet?: Outlet
  /** True when people read standard output as it comes. */
  terminal?: boolean
}

export interface Log {
  logger: Logger
  /** Takes the lines about exchanges, whatever the level; undefined when they are off. */
  access: ((line: string) => void) | undefined
  /** How these lines are written. */
  accessFormat: AccessFormat
  /** The number of this process, where there are several. */
  worker?: number
  /** Takes whole lines that another process of ours has written to its standard output. */
  pass(lines: string): void
  /** One line at every level, `silent` too. */
  announce(fields: object, message: string): void
  /** The line that says "listening": as `announce`, and JSON wherever no terminal reads it, since programs wait for it. */
  ready(fields: object): void
  /** Opens the file of the access log anew, after somebody moved it away. False when there is none. @throws the error of opening it */
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

  // A file has lines for programs always. A notice in it must be one of its own kind, or stand elsewhere.
  const elsewhere = (dropped: number) => {
    stream.write(notice(dropped))
    return ''
  }
  const opened = accessLog === 'off' || accessLog === 'stdout' ? undefined : openForLines(accessLog)
  const cannotWrite = (err: Error) =>
    logger.warn({ err }, 'the access log cannot be written: what does not fit into a megabyte is lost until it can')
  const file = opened && new LineSink(opened.outlet, accessFormat === 'json' ? notice : elsewhere, cannotWrite)
  // A line about an exchange is plain already: it is not looked at twice.
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
      // The file first: what became of its lines may have to be told.
      const before = file?.dropped ?? 0
      await file?.end(withinMs)
      // What was given up just now, no line in the file can tell.
      const lost = (file?.dropped ?? 0) - before
      if (lost > 0) stream.write(notice(lost))
      await standard.end(withinMs)
    },
  }
}

const SHAPE = {
  // Who runs this knows the host and the process; both on every line would be a fifth of it.
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label: string) => ({ level: label }) },
} satisfies pino.LoggerOptions

function notice(dropped: number): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, dropped, msg: 'log lines were dropped: they could not be written' })}\n`
}
