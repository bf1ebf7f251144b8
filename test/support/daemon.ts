import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { type Child, type ChildOptions, cleanEnv, type Ended, startChild } from './child.js'
import { until } from './conversation.js'
import { HOPWISE, type LogLine } from './hopwise.js'
import { tempFolder } from './temp-folder.js'

/** `hopwise serve --config FILE`, running as its users run it. */
export interface ServingDaemon extends Child {
  /** Files that the configuration names by relative paths are here. */
  folder: string
  /** The port of the only listener, or of the one with this name. Known from the log, so `127.0.0.1:0` will do. */
  port(listener?: string): number
  /** `http://127.0.0.1:port` of the admin listener. */
  admin: string
  /** The lines of the log so far, parsed. */
  lines(): LogLine[]
  /** The next line with this message, after those awaited before. */
  next(msg: string | RegExp): Promise<LogLine>
  /** Replaces the configuration without a signal. */
  write(yaml: string): void
  /** Replaces the configuration, sends SIGHUP, and resolves with the line that reports the outcome. */
  reload(yaml?: string): Promise<LogLine>
  /** The process ids of all workers so far, in the order of their numbers. */
  workers(): number[]
  /** Ends it with SIGTERM; fails unless that is a clean end. */
  end(): Promise<Ended>
}

export interface DaemonOptions extends ChildOptions {
  /** Files in the folder that the configuration names: certificates, users. */
  files?: Readonly<Record<string, string>>
  /** What is started instead of Node: a program that becomes `hopwise`, and its arguments before those of hopwise. */
  launcher?: readonly [program: string, ...words: string[]]
}

const RELOAD_SAYS = /^reloaded in|^the new configuration is refused/

/** Starts a daemon with this configuration and waits until it listens. */
export async function startDaemon(t: Test, yaml: string, options: DaemonOptions = {}): Promise<ServingDaemon> {
  const daemon = spawnDaemon(t, yaml, options)
  await daemon.next('starting')
  await daemon.next('listening')
  // Each listener has a line, the admin listener, too; they are written together, but may be read separately.
  const { listeners = [], admin } = parse(yaml) as { listeners?: unknown[]; admin?: unknown }
  const announced = () => daemon.lines().filter(({ msg }) => msg === 'listening').length
  const adminToo = () => !admin || daemon.lines().some(line => line.admin === true)
  await until('all listen', () => announced() >= listeners.length && adminToo())
  return daemon
}

/** The same, for a daemon that may not get as far as listening. */
export function spawnDaemon(t: Test, yaml: string, options: DaemonOptions = {}): ServingDaemon {
  const { files = {}, launcher = [process.execPath], env, ...rest } = options
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.yaml')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const write = (text: string) => writeFileSync(file, text)
  write(yaml)
  const [program, ...words] = launcher
  const child = startChild(t, program, [...words, HOPWISE, 'serve', '--config', file], {
    ...rest,
    env: { ...cleanEnv(), ...env },
  })
  const log = new ParsedLog(child)
  const next = async (msg: string | RegExp): Promise<LogLine> => {
    let found: LogLine | undefined
    const isThere = () => {
      found = log.after(msg)
      return found !== undefined || child.process.exitCode !== null || child.process.signalCode !== null
    }
    await until(`a line ${msg}`, isThere)
    found ??= log.after(msg)
    if (found === undefined) throw new Error(`it ended without a line ${msg}: ${child.out()}${child.err()}`)
    return found
  }
  return {
    ...child,
    folder,
    lines: () => log.lines(),
    next,
    write,
    port: name => portOf(log.lines(), name),
    get admin() {
      return adminOf(log.lines())
    },
    reload(text) {
      if (text !== undefined) write(text)
      child.signal('SIGHUP')
      return next(RELOAD_SAYS)
    },
    workers: () =>
      log.lines().flatMap(({ msg, workerPid }) => (msg === 'a worker is ready' ? [Number(workerPid)] : [])),
    async end() {
      child.signal('SIGTERM')
      const ended = await child.ended
      t.match(ended, { code: 0, signal: null, err: '' }, 'a clean end')
      return ended
    },
  }
}

/** Parses each line once, however often the lines are read. */
class ParsedLog {
  readonly #child: Child
  readonly #parsed: LogLine[] = []
  #upTo = 0
  /** Lines that were awaited. */
  #asked = 0

  constructor(child: Child) {
    this.#child = child
  }

  lines(): LogLine[] {
    const out = this.#child.out()
    for (let end = out.indexOf('\n', this.#upTo); end >= 0; end = out.indexOf('\n', this.#upTo)) {
      this.#parsed.push(JSON.parse(out.slice(this.#upTo, end)))
      this.#upTo = end + 1
    }
    return this.#parsed
  }

  after(msg: string | RegExp): LogLine | undefined {
    const fits = (line: LogLine) => (typeof msg === 'string' ? line.msg === msg : msg.test(String(line.msg)))
    const at = this.lines().findIndex((line, i) => i >= this.#asked && fits(line))
    if (at < 0) return undefined
    this.#asked = at + 1
    return this.#parsed[at]
  }
}

function portOf(lines: readonly LogLine[], name: string | undefined): number {
  const line = lines.find(
    ({ msg, listener }) => msg === 'listening' && (name === undefined || listener === undefined || listener === name),
  )
  if (line === undefined) throw new Error(`nothing listens as ${name ?? 'anything'}`)
  return Number(line.port)
}

function adminOf(lines: readonly LogLine[]): string {
  const line = lines.find(({ admin }) => admin === true)
  if (line === undefined) throw new Error('there is no admin listener')
  return `http://${line.address}:${line.port}`
}
