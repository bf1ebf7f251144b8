import * as fs from 'node:fs'
import * as path from 'node:path'
import { visibleLines } from '../wire/visible.js'
import { findingsText, readGiven } from './configured.js'
import type { Given } from './given.js'
import { keyInFile } from './key-in-file.js'
import { type ReloadEnd, ReloadWatch } from './reload-outcome.js'
import { UsageError } from './usage-error.js'

export interface ReloadResult {
  /** `done`: the new configuration runs or, with --no-wait, the signal was sent. */
  outcome: 'done' | 'wrong-file' | 'not-done'
  /** For standard output. */
  output: string
  /** For standard error. */
  complaint: string
}

/** The process to signal, and how it was found. */
interface Daemon {
  pid: number
  from: 'told' | 'file'
  /** For messages. */
  source: string
}

/**
 * `hopwise reload`: checks the file first, as the daemon will, signals the daemon to read it, and waits for the outcome.
 * @throws UsageError
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

/** Reading the files takes seconds with thousands of routes, longer with a tenth of a core; a daemon that hangs never answers. */
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
    const told = `Process ${pid} was signalled to reload`
    if (!waits) return { done: true, sentence: `${told}: its log reports the outcome.` }
    if (typeof watch === 'string')
      return failed(
        `${told}, but the outcome is not known: ${watch}. Its log reports the outcome; --no-wait does not wait for it.`,
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
  if (end.kind === 'gone') return failed(`${told}, but has ended: its log says why.`)
  if (end.kind === 'stopping') return failed(`${told}, but is stopping and no longer reloads.`)
  const what = end.kind === 'late' ? 'has not finished' : 'has not started'
  return failed(
    `${told}, but reload ${end.reload} ${what} within ${limitMs} ms. Its log will report the outcome; --timeout-ms allows more time.`,
  )
}

/** From --pid, from MAINPID (which systemd sets for ExecReload), or from the daemon's pid file. @throws UsageError */
function daemonOf(given: Given, file: string | undefined): Daemon | { why: string } {
  const pid = given.whole('pid', { min: 1, max: PID_MAX })
  if (pid !== undefined) return { pid, from: 'told', source: given.where('pid') }
  const main = process.env.MAINPID
  if (main !== undefined && isPid(main)) return { pid: Number(main), from: 'told', source: 'MAINPID' }
  if (file === undefined)
    throw new UsageError('hopwise reload requires a configuration file (or HOPWISE_CONFIG), or --pid.')
  const name = keyInFile(file, ['pidFile'])
  if (name === undefined)
    throw new UsageError(`${file} has no pidFile, so the process to signal is not known: give --pid.`)
  return pidIn(path.resolve(path.dirname(file), name))
}

/** The limit of Linux. */
const PID_MAX = 4_194_304

const isPid = (text: string): boolean => /^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= PID_MAX

function pidIn(file: string): Daemon | { why: string } {
  try {
    const text = fs.readFileSync(file, 'utf8').trim()
    return isPid(text) ? { pid: Number(text), from: 'file', source: file } : { why: `${file} contains no process id.` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file (hopwise is not running, or was started without this pidFile)'
        : message
    return { why: `${file} cannot be read: ${why}.` }
  }
}

/** Sends SIGHUP, which would end a process that does not handle it. @returns why it was not sent; '' if it was */
function tell({ pid, from, source }: Daemon): string {
  const stranger = strangeness(pid, from)
  if (stranger !== '') return `No signal was sent to process ${pid} (${source}): ${stranger}.`
  try {
    process.kill(pid, 'SIGHUP')
    return ''
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return `There is no process ${pid} (${source}): hopwise is not running.`
    if (code === 'EPERM') return `Process ${pid} (${source}) belongs to another user: run this as that user or as root.`
    return `Process ${pid} (${source}) cannot be signalled: ${message}.`
  }
}

/** Why this is not a running hopwise serve; '' if it looks like one, or if nothing is known (not on Linux). */
function strangeness(pid: number, from: Daemon['from']): string {
  const status = ofProcess(pid, 'status')
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  if (caught !== undefined && (Number.parseInt(caught.slice(-1), 16) & SIGHUP_BIT) === 0)
    return 'it does not handle SIGHUP, so it is not a hopwise serve (or not ready yet)'
  // A process id in a file may have been reused since.
  const words = ofProcess(pid, 'cmdline').split('\0')
  if (from === 'file' && words.length > 1 && !words.includes('serve'))
    return `it is not hopwise serve but ${words.slice(0, 2).join(' ').trim()}, so the file is stale`
  return ''
}

/** SIGHUP is signal 1. */
const SIGHUP_BIT = 1

function ofProcess(pid: number, name: 'status' | 'cmdline'): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
