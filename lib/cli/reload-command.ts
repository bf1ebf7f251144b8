import * as fs from 'node:fs'
import * as path from 'node:path'
import { findingsText, readGiven } from './configured.js'
import type { Given } from './given.js'
import { keyInFile } from './key-in-file.js'
import { UsageError } from './usage-error.js'

export interface ReloadResult {
  outcome: 'told' | 'wrong-file' | 'nobody-told'
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
 * `hopwise reload`: looks at the file first, as the daemon will, then tells the daemon to read it. What came of it stands in the
 * daemon's log. @throws UsageError
 */
export function reloadCommand(given: Given): ReloadResult {
  const file = given.text('config')
  let complaint = ''
  if (file !== undefined) {
    const reading = readGiven(file)
    complaint = findingsText(reading)
    if (reading.configuration === undefined) return { outcome: 'wrong-file', output: '', complaint }
  }
  const daemon = daemonOf(given, file)
  const refused = 'why' in daemon ? daemon.why : tell(daemon)
  return refused === '' && 'pid' in daemon
    ? {
        outcome: 'told',
        output: `Process ${daemon.pid} was told to reload: its log says what came of it.\n`,
        complaint,
      }
    : { outcome: 'nobody-told', output: '', complaint: `${complaint}${refused}\n` }
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
