import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { WAIT_MS } from './raw-client.js'

/** A process that a test started: its output, its end, its memory. Killed with the test, by its own id. */
export interface Child {
  pid: number
  /** For what the other members do not offer: pausing or closing its output. */
  process: ChildProcess
  /** All of stdout and stderr so far. */
  out(): string
  err(): string
  /**
   * Resolves with the first stdout line (from the start of the output) that `accept` accepts; rejects when the process ends
   * before. `longerMs`: see `until`.
   */
  line(accept: (line: string) => boolean, longerMs?: number): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Resolves when the process has ended and its output is complete. */
  ended: Promise<Ended>
  /** The most memory that the process ever held (VmHWM), in bytes. */
  peakRss(): number
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

export interface ChildOptions {
  env?: NodeJS.ProcessEnv
  /** For standard input, which is empty otherwise. */
  input?: string | Buffer
  /** Standard input stays open, for more. */
  keepsInput?: boolean
  /** An open file for standard output instead of a pipe. */
  stdout?: number
  /** Open descriptors that the process gets as 3, 4, … */
  pass?: readonly number[]
}

export function startChild(
  t: Test,
  command: string,
  args: readonly string[],
  { env = cleanEnv(), input, keepsInput = false, stdout, pass = [] }: ChildOptions = {},
): Child {
  const stdio = [input === undefined && !keepsInput ? 'ignore' : 'pipe', stdout ?? 'pipe', 'pipe'] as const
  const child = spawn(command, args, { env, stdio: [...stdio, ...pass] })
  let out = ''
  let err = ''
  let over = false
  const waiting = new Set<() => void>()
  const lookAgain = () => {
    for (const look of [...waiting]) look()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
    lookAgain()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  // A process that ends before it has read everything is judged by how it ends, not by our EPIPE.
  child.stdin?.on('error', () => {}).write(input ?? '')
  if (!keepsInput) child.stdin?.end()
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true
    lookAgain()
    return { code, signal, out, err }
  })
  t.teardown(async () => {
    if (!over) child.kill('SIGKILL')
    // A test that stopped reading would keep its pipe open.
    child.stdout?.resume()
    await ended
  })
  return {
    pid: child.pid ?? -1,
    process: child,
    out: () => out,
    err: () => err,
    signal: name => child.kill(name),
    ended,
    peakRss: () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
    line: (accept, longerMs = 0) =>
      new Promise((done, failed) => {
        const stop = () => {
          clearTimeout(timer)
          waiting.delete(look)
        }
        const fail = (why: string) => {
          stop()
          failed(new Error(`${command} ${why}: ${out}${err}`))
        }
        const limitMs = Math.max(WAIT_MS, longerMs)
        const timer = setTimeout(() => fail(`printed no such line within ${limitMs} ms`), limitMs)
        const look = () => {
          const found = out.split('\n').slice(0, -1).find(accept)
          if (found === undefined) return over ? fail('ended without the awaited line') : undefined
          stop()
          done(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Runs a command to its end. @returns what it printed and how it ended */
export function run(t: Test, command: string, args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  return startChild(t, command, args, options).ended
}

/** An environment without settings of the test runner, of proxies and of hopwise: they must not reach a process under test. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const foreign = /^(tap_|npm_|hopwise_|node_options$|node_v8_coverage$|_tapjs|(https?|all|no)_proxy$)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
