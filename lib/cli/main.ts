import * as fs from 'node:fs'
import type { Writable } from 'node:stream'
import { visibleLines } from '../wire/visible.js'
import { UsageError } from './usage-error.js'

const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** Where a command writes its output. The commands that serve write their log to the process's own streams. */
export interface Streams {
  readonly stdout: Writable & { readonly columns?: number }
  readonly stderr: Writable
}

/** Runs one command line (without the names of node and the script) to its end. @returns the exit code */
export async function main(words: readonly string[], streams: Streams = process): Promise<number> {
  const { stdout, stderr } = streams
  // A reader that stops reading (`| head`) is not an error.
  stdout.on('error', () => {})
  stderr.on('error', () => {})
  try {
    return await run(words, streams)
  } catch (error) {
    // A user's mistake or a refusal of the machine is one sentence; anything else is a bug of ours, and needs its stack.
    if (error instanceof UsageError) {
      await say(stderr, visibleLines(`hopwise: ${error.message}\n`))
      return EXIT.usage
    }
    await say(stderr, visibleLines(`hopwise: ${isExpected(error) ? error.message : stackOf(error)}\n`))
    return EXIT.failed
  }
}

async function run(words: readonly string[], { stdout, stderr }: Streams): Promise<number> {
  const [first = '', ...rest] = words
  // Runs for each word completed in a shell, so it loads nothing of what reads whole command lines.
  if (first === '--get-completions' || first === '--get-yargs-completions') {
    const { answerCompletion, answerOldCompletion } = await import('./completion.js')
    await say(stdout, first === '--get-completions' ? answerCompletion(rest) : answerOldCompletion(rest))
    return EXIT.done
  }
  const version = readVersion()
  const columns = Math.min(stdout.columns ?? 110, 120)
  const { readCommandLine } = await import('./command-line.js')
  const asked = readCommandLine(words, { environment: process.env, version, columns })
  if (asked.kind === 'print') {
    await say(stdout, asked.text)
    return EXIT.done
  }
  const { command, given, doubts } = asked
  // Each command loads its own part: a health check every few seconds should not load a whole proxy.
  switch (command) {
    case 'explain': {
      const { explainCommand } = await import('./explain-command.js')
      const { output, refused } = await explainCommand(given)
      await say(stdout, output)
      return refused ? EXIT.failed : EXIT.done
    }
    case 'health': {
      const { checkHealth } = await import('./health.js')
      const { healthy, sentence } = await checkHealth(given)
      await say(healthy ? stdout : stderr, visibleLines(`${sentence}\n`))
      return healthy ? EXIT.done : EXIT.failed
    }
    case 'check': {
      const { checkCommand } = await import('./check-command.js')
      const { good, output, complaints } = checkCommand(given)
      await say(stderr, complaints)
      await say(stdout, output)
      return good ? EXIT.done : EXIT.usage
    }
    case 'reload': {
      const { reloadCommand } = await import('./reload-command.js')
      const { outcome, output, complaint } = await reloadCommand(given)
      await say(stderr, complaint)
      await say(stdout, output)
      return outcome === 'done' ? EXIT.done : outcome === 'wrong-file' ? EXIT.usage : EXIT.failed
    }
    case 'password': {
      const { passwordCommand } = await import('./password-command.js')
      const { done, output, complaint } = await passwordCommand(given)
      await say(stderr, complaint)
      await say(stdout, output)
      return done ? EXIT.done : EXIT.failed
    }
    case 'serve': {
      const { fileGiven, findingLines, findingsText, readGiven } = await import('./configured.js')
      const file = fileGiven(given, 'serve')
      const reading = readGiven(file)
      if (!reading.configuration) {
        await say(stderr, findingsText(reading))
        return EXIT.usage
      }
      const { serveConfiguration } = await import('./serve-command.js')
      return serveConfiguration(reading.configuration, reading, {
        version,
        doubts: [...doubts, ...findingLines(reading)],
        file,
      })
    }
    case 'lab': {
      const { labCommand } = await import('./lab/command.js')
      const code = await labCommand(given, { version, doubts })
      await say(stdout, '')
      return code
    }
    default: {
      const { serve } = await import('./serve.js')
      return serve(command, given, { version, doubts })
    }
  }
}

/** Writes, and waits until the write is done or has failed. */
function say(stream: Writable, text: string | Buffer): Promise<void> {
  return new Promise(done => {
    stream.write(text, () => done())
  })
}

/** Reads package.json: beside `dist/`, or beside `lib/` when run from the sources. */
function readVersion(): string {
  for (const path of ['../../../package.json', '../../package.json']) {
    const url = new URL(path, import.meta.url)
    if (fs.existsSync(url)) return JSON.parse(fs.readFileSync(url, 'utf8')).version
  }
  return 'unknown'
}

/** Errors for what the machine refuses, known by name: their classes are in parts that not every command loads. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && ['ListenError', 'RefusedError', 'WorkerFailure'].includes(error.name)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
