import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built command: what people run, not the sources. `npm test` builds it first. */
export const HOPWISE = path.resolve(fileURLToPath(new URL('../../dist/bin/hopwise.js', import.meta.url)))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Hopwise {
  child: ChildProcess
  stdout: string
  stderr: string
  /** The parsed lines of standard output so far. */
  lines(): Record<string, unknown>[]
  /** The first line that fits, as soon as it is there; rejects when the process ends without it. */
  line(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>
  /** The line that says "listening", as a URL. */
  ready(): Promise<string>
  ended: Promise<Ended>
}

export interface SpawnOptions {
  env?: Record<string, string>
  input?: string | Buffer
  /** As for `spawn`; a number is an open file for standard output. */
  stdout?: 'pipe' | 'ignore' | number
}

/** Nothing of our own environment reaches it but what a process needs. */
function environment(env: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...env }
}

export function spawnHopwise(words: readonly string[], { env, input, stdout = 'pipe' }: SpawnOptions = {}): Hopwise {
  const stdin = input === undefined ? 'ignore' : 'pipe'
  const child = spawn(process.execPath, [HOPWISE, ...words], { env: environment(env), stdio: [stdin, stdout, 'pipe'] })
  const waiting = new Set<() => void>()
  const hopwise: Hopwise = {
    child,
    stdout: '',
    stderr: '',
    lines: () =>
      hopwise.stdout
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line)),
    line: fits =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = hopwise.lines().find(fits)
          if (found) resolve(found)
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`ended without that line: ${hopwise.stdout}${hopwise.stderr}`))
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    async ready() {
      const { address, port } = await hopwise.line(line => line.msg === 'listening')
      return `http://${address}:${port}`
    },
    ended: once(child, 'close').then(([code, signal]) => {
      for (const look of [...waiting]) look()
      return { code, signal, stdout: hopwise.stdout, stderr: hopwise.stderr }
    }),
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    hopwise.stdout += text
    for (const look of [...waiting]) look()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    hopwise.stderr += text
  })
  // A process that ends before it has read everything is judged by its end, not by our EPIPE.
  child.stdin?.on('error', () => {}).end(input)
  return hopwise
}

/** Runs one command to its end. */
export function runHopwise(words: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return spawnHopwise(words, options).ended
}
