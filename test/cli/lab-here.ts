import { readCommandLine } from '../../lib/cli/command-line.js'
import { labCommand } from '../../lib/cli/lab/command.js'
import { UsageError } from '../../lib/cli/usage-error.js'

/** What a shell would have been told. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** `hopwise lab WORDS` in this process, without a terminal, in English unless its environment says otherwise. */
export async function labHere(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const told = { out: '', err: '' }
  const at = {
    out: (text: string) => {
      told.out += text
    },
    err: (text: string) => {
      told.err += text
    },
    ...{ isTerminal: false, columns: 0, answers: false, env: { LANG: 'C.UTF-8', ...env } },
  }
  try {
    const asked = readCommandLine(['lab', ...words], { environment: env, version: '', columns: 80 })
    if (asked.kind !== 'run') throw new Error(`${asked.kind}: ${words.join(' ')}`)
    return { code: await labCommand(asked.given, { version: '', doubts: [] }, at), ...told }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { code: 2, out: told.out, err: `${told.err}hopwise: ${error.message}\n` }
  }
}
