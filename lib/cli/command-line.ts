import yargs, { type Argv, type Options } from 'yargs'
import { didYouMean } from '../config/did-you-mean.js'
import { COMMANDS, type CommandName, type CommandSpec, PROXIES_OPTIONS } from './commands.js'
import { Given, variableOf } from './given.js'
import type { OptionTable } from './option-table.js'
import { UsageError } from './usage-error.js'
import { inWords } from './values.js'

/** What a command line asks for: a command to run, or a text (help, version, completion) for standard output. */
export type Asked =
  | {
      kind: 'run'
      command: CommandName
      given: Given
      /** Sentences about the environment, to be logged. */
      doubts: string[]
    }
  | { kind: 'print'; text: string }

export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>
  version: string
  /** Width of the help in letters. */
  columns: number
}

const NAMES = Object.keys(COMMANDS) as CommandName[]
const specOf = (name: CommandName): CommandSpec => COMMANDS[name]

/** Reads a command line, without the names of node and the script. @throws UsageError */
export function readCommandLine(words: readonly string[], { environment, version, columns }: Surroundings): Asked {
  let chosen: { command: CommandName; line: Readonly<Record<string, unknown>> } | undefined
  // yargs would refuse what is not among the choices of an operand, with no word about what was meant.
  const completing = words.includes('--get-yargs-completions')
  const parser = describe({ version, columns, completing }, (command, line) => {
    chosen = { command, line }
  })
  let printed = ''
  let first: string | undefined
  parser.parse([...words], {}, (error, line, output) => {
    if (error) throw error
    printed = output
    first = line._[0]?.toString()
  })
  if (printed !== '') return { kind: 'print', text: `${tidy(printed)}\n` }
  if (!chosen) throw unknownCommand(first, words)

  const { command, line } = chosen
  const spec = specOf(command)
  checkNames(line, spec, words)
  const given = new Given({ ...line, ...readOperands(line, command, spec, words) }, environment, spec.options)
  return { kind: 'run', command, given, doubts: doubtsAbout(environment) }
}

function describe(
  { version, columns, completing }: { version: string; columns: number; completing: boolean },
  chosen: (command: CommandName, line: Record<string, unknown>) => void,
) {
  const parser = yargs()
    .scriptName('hopwise')
    .locale('en')
    .wrap(columns)
    .usage('$0 <command>: a forward and reverse HTTP/1.x proxy that gets every hop right')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    .fail((message, error) => {
      throw error && error.name !== 'YError' ? error : new UsageError(sentence(message ?? error.message))
    })
    .version(version)
    .help()
    .alias({ h: 'help' })
  for (const name of NAMES) {
    const { about, operands = [], options, examples } = specOf(name)
    const usage = [name, ...operands.map(operand => `[${operand.name}]`)].join(' ')
    parser.command(
      usage,
      about,
      command => {
        for (const operand of operands)
          command.positional(operand.name, {
            type: 'string',
            describe: operand.about,
            ...(operand.choices && completing ? { choices: operand.choices } : {}),
          })
        return addOptions(command, options).epilogue(`${inLines(examples)}\n\n${EPILOGUE}`)
      },
      line => chosen(name, line),
    )
  }
  parser.completion('completion', 'Print a script that completes commands and options (bash, zsh)')
  const examples = NAMES.flatMap(name => specOf(name).examples.slice(0, 1))
  parser.epilogue(
    `${inLines([...examples, ['source <(hopwise completion)', 'completion in this shell']])}\n\n${EPILOGUE}`,
  )
  // The general help shows the proxies' options too. They belong to no other command: not global.
  return addOptions(parser, PROXIES_OPTIONS, false)
}

const EPILOGUE =
  'Every option is also read from the environment: --listen from HOPWISE_LISTEN. The command line goes first.\n' +
  'Exit codes: 0 well, 1 it could not be done, 2 the command line is wrong, 3 (lab) this machine does not allow it,\n' +
  '70 an error of hopwise itself, 130 or 143 ended at once by a signal.'

function inLines(examples: CommandSpec['examples']): string {
  return `Examples:\n${examples.map(([line, about]) => `  ${line}\n      ${about}`).join('\n')}`
}

function addOptions(parser: Argv, table: OptionTable, global = true): Argv {
  for (const [name, { kind, about, group, choices }] of Object.entries(table)) {
    const option: Options = { describe: choices ? `${choices.join(' | ')}: ${about}` : about, group, global }
    if (kind === 'flag') option.type = 'boolean'
    else Object.assign(option, { type: 'string', requiresArg: true })
    // For completion. The sentence about a wrong choice is ours.
    if (choices) option.choices = choices
    parser.option(name, option)
  }
  return parser
}

/** Every option on the line must be one of the command's. @throws UsageError with what was probably meant */
function checkNames(line: Readonly<Record<string, unknown>>, spec: CommandSpec, words: readonly string[]): void {
  const known = new Set([...Object.keys(spec.options), 'help', 'version', 'h', '_', '$0', '--', ...operandNames(spec)])
  for (const name of Object.keys(line)) {
    if (known.has(name) || line[name] === undefined) continue
    // `-listen` arrives as five letters: say it as it was written.
    const written =
      words
        .find(word => word === `--${name}` || word.startsWith(`--${name}=`) || word === `--no-${name}`)
        ?.split('=')[0] ??
      words.find(word => /^-[^-]/.test(word) && word.includes(name)) ??
      `--${name}`
    const bare = written.replace(/^-+(no-)?/, '')
    const meant = didYouMean(bare, Object.keys(spec.options))
    const elsewhere = NAMES.filter(command => bare in specOf(command).options)
    throw new UsageError(
      `Unknown option ${written}` +
        (meant ? `: did you mean --${meant}?` : elsewhere.length > 0 ? `: it belongs to ${inWords(elsewhere)}.` : '.'),
    )
  }
}

function operandNames({ operands = [] }: CommandSpec): string[] {
  return operands.map(({ name }) => name)
}

function readOperands(
  line: Readonly<Record<string, unknown>>,
  command: CommandName,
  spec: CommandSpec,
  words: readonly string[],
): Record<string, unknown> {
  const names = operandNames(spec)
  const [, ...surplus] = line._ as (string | number)[]
  if (surplus.length > 0) {
    const takes =
      names.length > 0
        ? inWords(
            names.map(each => `one ${each}`),
            'and',
          )
        : 'options only'
    throw new UsageError(`"${surplus[0]}" is one word too many: ${command} takes ${takes}.`)
  }
  // yargs makes nothing of a lone hyphen, which says "standard input".
  const hyphen = (value: unknown) => (value === '' && words.includes('-') ? '-' : value)
  return Object.fromEntries(names.map(name => [name, hyphen(line[name])]))
}

function unknownCommand(word: string | undefined, words: readonly string[]): UsageError {
  if (word === undefined) {
    const option = words.find(each => /^--?[a-z]/i.test(each))
    return new UsageError(
      `${option ? `${option} stands without a command` : 'No command'}: say one of ${inWords([...NAMES, 'completion'])}. hopwise --help shows them all.`,
    )
  }
  const meant = didYouMean(word, [...NAMES, 'completion'])
  return new UsageError(
    `Unknown command "${word}": ${meant ? `did you mean ${meant}?` : `hopwise has ${inWords([...NAMES, 'completion'])}.`}`,
  )
}

/** Variables that look like ours written wrongly. Others are left alone: a cluster sets HOPWISE_SERVICE_HOST and its kin. */
function doubtsAbout(environment: Readonly<Record<string, string | undefined>>): string[] {
  const ours = new Set(
    NAMES.flatMap(name => [...Object.keys(specOf(name).options), ...operandNames(specOf(name))]).map(variableOf),
  )
  return Object.keys(environment).flatMap(variable => {
    if (!variable.startsWith('HOPWISE_') || ours.has(variable)) return []
    if (/^HOPWISE_(SERVICE_(HOST|PORT.*)|PORT.*)$/.test(variable)) return []
    const meant = didYouMean(
      variable.toLowerCase(),
      [...ours].map(each => each.toLowerCase()),
    )
    return meant ? [`${variable} is set, but no option has that name: did you mean ${meant.toUpperCase()}?`] : []
  })
}

/** yargs' own complaints, as sentences of ours. */
function sentence(message: string): string {
  const choice = /Argument: ([^,]+), Given: (.+), Choices: (.+)/.exec(message)
  if (choice) {
    const [, name, given, choices = ''] = choice
    return `--${name} ${given} is not one of its choices: ${inWords(choices.replaceAll('"', '').split(', '))}.`
  }
  const missing = /Not enough arguments following: (\S+)/.exec(message)
  if (missing) return `--${missing[1]} wants a value.`
  return message
}

/** Without yargs' notes on types and choices, which stand apart where the line is full: each line says itself what it takes. */
function tidy(text: string): string {
  const notes = '(?: *\\[(?:string|boolean|choices: [^\\]]*)\\])+'
  return text
    .replace(new RegExp(`\\n${notes}(?=\\n)`, 'g'), '')
    .replace(new RegExp(`${notes}(?=\\n)`, 'g'), '')
    .replace(/[ \t]+$/gm, '')
    .trimEnd()
}
