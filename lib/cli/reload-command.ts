import * as fs from 'node:fs'
import * as path from 'node:path'
import { visibleLines } from '../wire/visible.js'
import { findingsText, readGiven } from './configured.js'
import type { Given } from './given.js'
import { keyInFile } from './key-in-file.js'
import { type ReloadEnd, ReloadWatch } from './reload-outcome.js'
import { UsageError } from './usage-error.js'

export interface ReloadResult {
  /** `done`: the new configuration runs; with --no-wait, the process was told. */
  outcome: 'done' | 'wrong-file' | 'not-done'
  /** For standard output. */
  output: string
  /** For standard error. */
  complaint: string
}

/** Who is to be told, and how we know of it. */
interface Daemon {
  pid: number
  from: 'told' | 'file'
  /** For sentences. */
  source: string
}

/**
 * `hopwise reload`: looks at the file first, as the daemon will, tells the daemon to read it, and waits for what comes of it. @throws
 * UsageError
 */
export async function reloadCommand(given: Given): Promise<ReloadResult> {
  const file = given.text('config')
  const waits = given.flag('wait') ?? true
  const limitMs = given.whole('timeout-ms', { min: 1, max: 2_147_483_647, unit: 'milliseconds' }) ?? LIMIT_MS
  let findings = ''
  if (file !== undefined) {
    const reading = readGiven(file)
    findings = findingsText(reading)
    if (reading.configuration === undefined) return { outcome: 'wrong-file', output: '', complaint: findings }
  }
  const daemon = daemonOf(given, file)
  const { done, sentence } = 'why' in daemon ? failed(daemon.why) : await toldTo(daemon, waits, limitMs)
  return done
    ? { outcome: 'done', output: `${sentence}\n`, complaint: findings }
    : { outcome: 'not-done', output: '', complaint: `${findings}${sentence}\n` }
}

/** To read the files takes seconds where there are thousands of routes, with a tenth of a core more; a daemon that hangs never ends. */
const LIMIT_MS = 60_000

interface Told {
  done: boolean
  sentence: string
}

const failed = (sentence: string): Told => ({ done: false, sentence })

async function toldTo(daemon: Daemon, waits: boolean, limitMs: number): Promise<Told> {
  const { pid } = daemon
  const watch = waits ? await ReloadWatch.open(pid) : ''
  try {
    const refused = tell(daemon)
    if (refused !== '') return failed(refused)
    const told = `Process ${pid} was told to reload`
    if (!waits) return { done: true, sentence: `${told}: its log says what came of it.` }
    if (typeof watch === 'string')
      return failed(
        `${told}, but what came of it cannot be learned: ${watch}. Its log says it; --no-wait does not ask.`,
      )
    return endOf(await watch.outcome(limitMs), told, limitMs, pid)
  } finally {
    if (typeof watch !== 'string') watch.close()
  }
}

function endOf(end: ReloadEnd, told: string, limitMs: number, pid: number): Told {
  if (end.kind === 'ended') {
    const { reload, accepted, sentences } = end.outcome
    const what = accepted ? sentences.join(' ') : 'the new configuration is refused, the old one stays'
    const reasons = accepted ? [] : sentences.map(reason => `\n  ${reason}`)
    return { done: accepted, sentence: visibleLines(`Process ${pid}, reload ${reload}: ${what}.${reasons.join('')}`) }
  }
  if (end.kind === 'gone') return failed(`${told}, and has ended: its log says why.`)
  if (end.kind === 'stopping') return failed(`${told}, but it is stopping, and reloads no more.`)
  const what = end.kind === 'late' ? 'has not ended' : 'has not begun'
  return failed(
    `${told}, but reload ${end.reload} ${what} within ${limitMs} ms. Its log will say what comes of it; --timeout-ms allows more time.`,
  )
}

/** By --pid, or what systemd says in ExecReload, or the file that the daemon writes. @throws UsageError */
function daemonOf(given: Given, file: string | undefined): Daemon | { why: string } {
  const pid = given.whole('pid', { min: 1, max: PID_MAX })
  if (pid !== undefined) return { pid, from: 'told', source: given.where('pid') }
  const main = process.env.MAINPID
  if (main !== undefined && isPid(main)) return { pid: Number(main), from: 'told', source: 'MAINPID' }
  if (file === undefined)
    throw new UsageError('hopwise reload wants --pid, or the name of the configuration (or HOPWISE_CONFIG).')
  const name = keyInFile(file, ['pidFile'])
  if (name === undefined)
    throw new UsageError(`${file} has no pidFile, so it is not known which process reads it: give --pid.`)
  return pidIn(path.resolve(path.dirname(file), name))
}

/** Linux's own limit. */
const PID_MAX = 4_194_304

const isPid = (text: string): boolean => /^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= PID_MAX

function pidIn(file: string): Daemon | { why: string } {
  try {
    const text = fs.readFileSync(file, 'utf8').trim()
    return isPid(text) ? { pid: Number(text), from: 'file', source: file } : { why: `${file} has no process id in it.` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file: hopwise is not running, or was started without it' : message
    return { why: `${file} cannot be read: ${why}.` }
  }
}

/** Sends SIGHUP, which would end a process that does not expect it. @returns why not; '' when it was sent */
function tell({ pid, from, source }: Daemon): string {
  const stranger = strangeness(pid, from)
  if (stranger !== '') return `Process ${pid} (${source}) was not told anything: ${stranger}.`
  try {
    process.kill(pid, 'SIGHUP')
    return ''
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return `There is no process ${pid} (${source}): hopwise is not running.`
    if (code === 'EPERM') return `Process ${pid} (${source}) belongs to another user: run this as that user or as root.`
    return `Process ${pid} (${source}) cannot be told: ${message}.`
  }
}

/** What says that this is not a daemon of ours which serves; '' when nothing does, or nothing is known (not on Linux). */
function strangeness(pid: number, from: Daemon['from']): string {
  const status = ofProcess(pid, 'status')
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  if (caught !== undefined && (Number.parseInt(caught.slice(-1), 16) & SIGHUP_BIT) === 0)
    return 'it does not take SIGHUP, so it is no hopwise that serves (or not yet)'
  // A process id that is written down may be another's by now.
  const words = ofProcess(pid, 'cmdline').split('\0')
  if (from === 'file' && words.length > 1 && !words.includes('serve'))
    return `it is not hopwise serve, but ${words.slice(0, 2).join(' ').trim()}: the file is a left-over`
  return ''
}

/** SIGHUP is the first of the signals. */
const SIGHUP_BIT = 1

function ofProcess(pid: number, name: 'status' | 'cmdline'): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
