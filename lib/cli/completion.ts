import type { CommandSpec, Operand } from './commands.js'
import { PROXIES_OPTIONS } from './commands.js'
import { arrange, isCommand, NAMES, PRINTED, rolesOf, specOf } from './line-words.js'
import type { OptionSpec, OptionTable } from './option-table.js'

/** What may be written at the cursor. */
export interface Completion {
  /** File names fit too; the shell completes them. */
  files: boolean
  /** What precedes such a name in the same word: `--config=`. */
  prefix: string
  /** Each with a one-line description, or ''. */
  words: { word: string; about: string }[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const ABOUT_PRINTED: Readonly<Record<string, string>> = {
  help: 'Show what a command does, and its options',
  version: 'Show the version number',
  completion: 'Print a shell script that completes commands, options and files',
}

/** @param words without the name of the program; the last is the one at the cursor, which may be '' */
export function complete(words: readonly string[]): Completion {
  const before = words.slice(0, -1)
  const last = words.at(-1) ?? ''
  const roles = rolesOf(words)
  const { command, words: arranged } = arrange(before)
  const options = isCommand(command) ? specOf(command).options : command === '' ? PROXIES_OPTIONS : {}
  const joined = /^--([a-z0-9-]+)=(.*)$/s.exec(last)
  if (joined) return valuesOf(options[joined[1] ?? ''], joined[2] ?? '', `--${joined[1]}=`)
  if (roles.at(-1) === 'value') return valuesOf(options[nameOf(before.at(-1) ?? '')], last)
  if (last.startsWith('-')) return optionsOf(options, before, last)
  if (command === '' || command === 'help') return commandsOf(last, command === '')
  const operands = arranged.filter((_, i) => i > 0 && rolesOf(arranged)[i] === 'operand')
  if (command === 'completion')
    return some(operands.length > 0 ? [] : SHELLS.map(shell => ({ word: shell, about: '' })), last)
  if (!isCommand(command)) return some([], last)
  const found = operandsOf(specOf(command), operands, last)
  // With nothing to suggest for a word that has not begun, the options remain.
  return found.files || found.words.length > 0 || last !== '' ? found : optionsOf(options, before, last)
}

function commandsOf(last: string, printed: boolean): Completion {
  const commands = NAMES.map(name => ({ word: name as string, about: specOf(name).about }))
  const others = PRINTED.map(name => ({ word: name as string, about: ABOUT_PRINTED[name] ?? '' }))
  return some([...commands, ...(printed ? others : [])], last)
}

function operandsOf({ operands = [] }: CommandSpec, before: readonly string[], last: string): Completion {
  const operand: Operand | undefined = operands[before.length]
  const found = some(
    (operand?.choices ?? []).map(word => ({ word, about: '' })),
    last,
  )
  const files = operand?.file === true || (operand?.file !== undefined && operand.file === before.at(-1))
  return { ...found, files }
}

function valuesOf(spec: OptionSpec | undefined, last: string, prefix = ''): Completion {
  const { choices = [], words = [], file = false, kind } = spec ?? {}
  const all = kind === 'flag' ? ['true', 'false'] : [...choices, ...words]
  const found = some(
    all.map(word => ({ word, about: '' })),
    last,
  )
  return { files: file, prefix, words: found.words.map(({ word }) => ({ word: `${prefix}${word}`, about: '' })) }
}

function optionsOf(options: OptionTable, before: readonly string[], last: string): Completion {
  const given = new Set(before.map(nameOf))
  const names = Object.entries(options).filter(([name, { kind }]) => kind === 'list' || !given.has(name))
  const negated = last.startsWith('--no-') ? names.filter(([, { kind }]) => kind === 'flag') : []
  return some(
    [
      ...names.map(([name, { about }]) => ({ word: `--${name}`, about })),
      ...negated.map(([name, { about }]) => ({ word: `--no-${name}`, about: `Turn off: ${about}` })),
      { word: '--help', about: 'Show all options' },
      ...(before.length === 0 ? [{ word: '--version', about: 'Show the version' }] : []),
    ],
    last,
  )
}

const nameOf = (word: string): string => (word === '-c' ? 'config' : word.replace(/^--(no-)?/, '').replace(/=.*/s, ''))

function some(words: Completion['words'], last: string): Completion {
  return { files: false, prefix: '', words: words.filter(({ word }) => word.startsWith(last)) }
}

// The protocol of the shell scripts ------------------------------------------------------------------------------------------

/**
 * The answer to `hopwise --get-completions SHELL WORDS`: first `files` (file names fit too) or `words` (nothing else
 * does), and the prefix of such a name; then each word with its description.
 */
export function answerCompletion([shell = '', ...words]: readonly string[]): string {
  const { words: asked, cut } = shell === 'bash' ? rejoined(words) : { words, cut: '' }
  const { files, prefix, words: found } = complete(asked)
  const rest = (word: string): string => (word.startsWith(cut) ? word.slice(cut.length) : word)
  const lines = found.map(({ word, about }) => `${rest(word)}\t${about.replaceAll(/[\t\n]/g, ' ')}`)
  return `${[`${files ? 'files' : 'words'} ${rest(prefix)}`, ...lines].join('\n')}\n`
}

/** The answer to the scripts that earlier versions printed: words only. */
export function answerOldCompletion(words: readonly string[]): string {
  return complete(words.slice(1))
    .words.map(({ word }) => `${word}\n`)
    .join('')
}

/**
 * bash splits words at `=` and `:`; this joins them again. `cut` is the part of the last word before the piece that bash will
 * replace.
 */
function rejoined(pieces: readonly string[]): { words: string[]; cut: string } {
  const words: string[] = []
  let cut = ''
  let sticks = false
  for (const piece of pieces) {
    const isBreak = /^[=:]+$/.test(piece)
    if (words.length > 0 && (isBreak || sticks)) {
      cut = isBreak ? `${words.at(-1)}${piece}` : (words.at(-1) ?? '')
      words.push(`${words.pop()}${piece}`)
    } else {
      cut = ''
      words.push(piece)
    }
    sticks = isBreak
  }
  return { words, cut }
}
