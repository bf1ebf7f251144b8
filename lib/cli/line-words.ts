import { COMMANDS, type CommandName, type CommandSpec } from './commands.js'

export const NAMES = Object.keys(COMMANDS) as CommandName[]
export const specOf = (name: CommandName): CommandSpec => COMMANDS[name]
export const isCommand = (word: string): word is CommandName => Object.hasOwn(COMMANDS, word)

/** Words in the place of a command that only print something. */
export const PRINTED = ['help', 'version', 'completion'] as const

/** Short options that are common elsewhere (`nginx -c`, `node -v`). */
const SHORT: Readonly<Record<string, string>> = {
  '-c': '--config',
  '-v': '--version',
  '-V': '--version',
  '-h': '--help',
}

const FLAGS = new Set(['help', 'version'])
const WITH_VALUE = new Set<string>()
for (const name of NAMES)
  for (const [option, { kind }] of Object.entries(specOf(name).options))
    (kind === 'flag' ? FLAGS : WITH_VALUE).add(option)

/** What a word of a command line is. */
export type Role = 'option' | 'value' | 'operand'

/**
 * Which words are options, which are their values, and which are operands. This is known before the command is, since
 * an option has the same kind in every command that has it (a test checks that).
 */
export function rolesOf(words: readonly string[]): Role[] {
  let before: 'nothing' | 'text' | 'flag' | 'end' = 'nothing'
  return words.map((word, i) => {
    const awaited = before
    if (awaited === 'end') return 'operand'
    before = 'nothing'
    if (awaited === 'text' && !/^-./.test(word)) return 'value'
    if (awaited === 'flag' && /^(true|false)$/.test(word)) return 'value'
    if (!/^-./.test(word)) return 'operand'
    if (word === '--') before = 'end'
    else before = awaits(word, words[i + 1])
    return 'option'
  })
}

function awaits(word: string, next: string | undefined): 'nothing' | 'text' | 'flag' {
  const name = (SHORT[word] ?? word).replace(/^--?/, '')
  if (name.includes('=')) return 'nothing'
  if (FLAGS.has(name)) return 'flag'
  if (WITH_VALUE.has(name)) return 'text'
  // An unknown option, which will be refused, may or may not have a value: a command name after it is taken as the command.
  return name.startsWith('no-') || (next !== undefined && isCommand(next)) ? 'nothing' : 'text'
}

export interface Arranged {
  /** The word in the place of a command; '' if there is none. */
  command: string
  /** All words, with the command in front and short options written out. */
  words: string[]
}

/** Moves the command to the front, whatever precedes it. */
export function arrange(words: readonly string[]): Arranged {
  const roles = rolesOf(words)
  const at = roles.indexOf('operand')
  const written = words.map((word, i) => (roles[i] === 'option' ? long(word) : word))
  const command = at < 0 ? '' : (words[at] ?? '')
  return { command, words: at < 0 ? written : [command, ...written.slice(0, at), ...written.slice(at + 1)] }
}

/** `-c` becomes `--config`, `-c=a` becomes `--config=a`; all other words stay as written. */
export function long(word: string): string {
  const [name = '', ...value] = word.split('=')
  const full = SHORT[name]
  return full === undefined ? word : [full, ...value].join('=')
}
