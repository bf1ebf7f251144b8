import { type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Test } from 'tap'

/** A process that a test started: its output, its end, its memory. Ended with the test, by its own id. */
export interface Child {
  pid: number
  /** All of stdout and stderr so far. */
  out(): string
  err(): string
  /** Resolves with the first stdout line (from the start of the output) that `accept` likes; rejects when the process ends before. */
  line(accept: (line: string) => boolean, deadlineMs?: number): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Resolves when the process has ended and its output is complete. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** The most memory that the process ever held (VmHWM), in bytes. */
  peakRss(): number
}

export function startChild(t: Test, command: string, args: string[], options: SpawnOptions = {}): Child {
  const child = spawn(command, args, {
    env: cleanEnv(),
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  }) as ChildProcessByStdio<null, Readable, Readable>
  let out = ''
  let err = ''
  let over = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true
    return { code, signal }
  })
  t.teardown(async () => {
    if (!over) child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? -1,
    out: () => out,
    err: () => err,
    signal: name => child.kill(name),
    ended,
    peakRss: () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
    line: (accept, deadlineMs = 10_000) =>
      new Promise((done, failed) => {
        const look = () => {
          const found = out.split('\n').slice(0, -1).find(accept)
          if (found === undefined && !over) return
          clearTimeout(timer)
          child.stdout.off('data', look)
          if (found === undefined) failed(new Error(`${command} ended without the awaited line: ${out}${err}`))
          else done(found)
        }
        const timer = setTimeout(() => {
          child.stdout.off('data', look)
          failed(new Error(`no such line from ${command} within ${deadlineMs} ms: ${out}${err}`))
        }, deadlineMs)
        child.stdout.on('data', look)
        ended.then(look)
        look()
      }),
  }
}

/** Runs to the end; what it printed and how it ended. */
export async function run(t: Test, command: string, args: string[], options: SpawnOptions = {}) {
  const child = startChild(t, command, args, options)
  const { code, signal } = await child.ended
  return { code, signal, out: child.out(), err: child.err() }
}

/** Neither the test runner's settings nor somebody's proxy or hopwise settings reach a process under test. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const foreign = /^(tap_|npm_|hopwise_|node_options$|node_v8_coverage$|_tapjs|(https?|all|no)_proxy$)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
