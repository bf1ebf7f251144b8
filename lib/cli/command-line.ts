import yargs, { type Argv } from 'yargs'
import { didYouMean } from '../proxy/options/did-you-mean.js'
import { type CommandName, type CommandSpec, PROXIES_OPTIONS } from './commands.js'
import { SHELLS, type Shell } from './completion.js'
import { completionScript } from './completion-scripts.js'
import { Given, variableOf } from './given.js'
import { arrange, isCommand, long, NAMES, PRINTED, rolesOf, specOf } from './line-words.js'
import type { OptionTable } from './option-table.js'
import { UsageError } from './usage-error.js'
import { inWords, readChoice } from './values.js'

/** What a command line asks for: to run a command, or to print a text (help, version, completion) on standard output. */
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
  /** Width of the help in characters. */
  columns: number
}

/** Reads a command line, without the names of node and the script. @throws UsageError */
export function readCommandLine(written: readonly string[], { environment, version, columns }: Surroundings): Asked {
  let chosen: { command: CommandName; line: Readonly<Record<string, unknown>> } | undefined
  const { command: first, words } = arrange(written)
  if (first === 'version') return { kind: 'print', text: `${version}\n` }
  if (first === 'completion' && !words.includes('--help'))
    return { kind: 'print', text: completionScript(shellOf(words, environment)) }
  const asked = first === 'help' ? wordsForHelp(words) : words
  const parser = describe({ version, columns }, (command, line) => {
    chosen = { command, line }
  })
  let printed = ''
  parser.parse([...asked], {}, (error, _, output) => {
    if (error) throw error
    printed = output
  })
  if (printed !== '') return { kind: 'print', text: `${printed.trimEnd()}\n` }
  if (!chosen) throw unknownCommand(first, written)

  const { command, line } = chosen
  const spec = specOf(command)
  checkNames(line, spec, written)
  checkChoices(line, spec)
  const given = new Given({ ...line, ...readOperands(line, command, spec, asked) }, environment, spec.options)
  return { kind: 'run', command, given, doubts: doubtsAbout(environment) }
}

/** `help` becomes `--help`, `help check` becomes `check --help`. @throws UsageError */
function wordsForHelp([, ...words]: readonly string[]): string[] {
  const about = words.find((_, i) => rolesOf(words)[i] === 'operand')
  if (about === undefined || about === 'help' || about === 'version') return ['--help']
  if (about === 'completion' || isCommand(about)) return [about, '--help']
  throw unknownCommand(about, words)
}

/** The named shell, or the user's own. @throws UsageError */
function shellOf([, ...words]: readonly string[], { SHELL = '' }: Readonly<Record<string, string | undefined>>): Shell {
  const [named, surplus] = words
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}": completion takes one shell.`)
  if (named === undefined) return SHELLS.find(shell => SHELL.endsWith(shell)) ?? 'bash'
  const found = SHELLS.find(shell => shell === named)
  if (found === undefined) throw new UsageError(`"${named}" is not a supported shell: write ${inWords(SHELLS)}.`)
  return found
}

function describe(
  { version, columns }: { version: string; columns: number },
  chosen: (command: CommandName, line: Record<string, unknown>) => void,
) {
  const parser = withoutTypes(yargs())
    .scriptName('hopwise')
    .locale('en')
    .updateStrings({ 'Not enough arguments following: %s': '--%s requires a value.' })
    .wrap(columns)
    .usage('$0 <command>\n\nA forward and reverse HTTP/1.x proxy that gets every hop right.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    .fail((message, error) => {
      throw error && error.name !== 'YError' ? error : new UsageError(message ?? error.message)
    })
    .version(version)
    .help()
    .alias({ h: 'help', v: 'version' })
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
          })
        return addOptions(command, options).epilogue(`${inLines(examples)}\n\n${EPILOGUE}`)
      },
      line => chosen(name, line),
    )
  }
  parser.command(
    'completion [shell]',
    'Print a shell script that completes commands, options and files',
    command =>
      command
        .positional('shell', { type: 'string', describe: `${inWords(SHELLS)} (default: your shell, from SHELL)` })
        .epilogue(inLines(COMPLETION_EXAMPLES)),
    () => {},
  )
  parser.command(
    'help [command]',
    'Show help, as hopwise COMMAND --help',
    () => {},
    () => {},
  )
  parser.command(
    'version',
    'Show the version number, as --version',
    () => {},
    () => {},
  )
  const examples = NAMES.flatMap(name => specOf(name).examples.slice(0, 1))
  parser.epilogue(
    `${inLines([...examples, ['source <(hopwise completion)', 'turns on completion in this shell']])}\n\n${EPILOGUE}`,
  )
  // The general help shows the proxies' options too. They are not global, since no other command has them.
  return addOptions(parser, PROXIES_OPTIONS, false)
}

const COMPLETION_EXAMPLES = [
  ['source <(hopwise completion bash)', 'in ~/.bashrc'],
  ['source <(hopwise completion zsh)', 'in ~/.zshrc'],
  ['hopwise completion fish | source', 'in ~/.config/fish/config.fish'],
] as const

const EPILOGUE =
  'Every option can also be set in the environment: --listen as HOPWISE_LISTEN. The command line wins.\n' +
  'Exit codes: 0 success, 1 failure, 2 wrong command line, environment or configuration file,\n' +
  '3 (lab) not possible on this machine, 70 internal error, 130 or 143 ended at once by a signal.'

function inLines(examples: CommandSpec['examples']): string {
  return `Examples:\n${examples.map(([line, about]) => `  ${line}\n      ${about}`).join('\n')}`
}

function addOptions(parser: Argv, table: OptionTable, global = true): Argv {
  for (const [name, { kind, about, group, choices }] of Object.entries(table)) {
    const describe = choices ? `${choices.join(' | ')}: ${about}` : about
    const value = kind === 'flag' ? { type: 'boolean' as const } : { type: 'string' as const, requiresArg: true }
    parser.option(name, { describe, group, global, ...value })
  }
  return parser
}

/** The help without yargs' notes on types: each description says what its option takes. (The types of yargs lack this one.) */
function withoutTypes(parser: Argv): Argv {
  return (parser as Argv & { usageConfiguration(is: { 'hide-types': boolean }): Argv }).usageConfiguration({
    'hide-types': true,
  })
}

/** @throws UsageError for a value that is not one of its option's */
function checkChoices(line: Readonly<Record<string, unknown>>, { options }: CommandSpec): void {
  for (const [name, { choices }] of Object.entries(options)) {
    const value = line[name]
    if (choices !== undefined && typeof value === 'string') readChoice(`--${name}`, value, choices)
  }
}

/** Checks that every option on the line is one of the command's. @throws UsageError with the option that was probably meant */
function checkNames(line: Readonly<Record<string, unknown>>, spec: CommandSpec, words: readonly string[]): void {
  const known = new Set([
    ...Object.keys(spec.options),
    'help',
    'version',
    'h',
    'v',
    '_',
    '$0',
    '--',
    ...operandNames(spec),
  ])
  for (const name of Object.keys(line)) {
    if (known.has(name) || line[name] === undefined) continue
    // `-listen` arrives as separate letters: name it as it was written.
    const written =
      words
        .find(word => word === `--${name}` || word.startsWith(`--${name}=`) || word === `--no-${name}`)
        ?.split('=')[0] ??
      words.find(word => /^-[^-]/.test(word) && word.includes(name)) ??
      words.find(word => long(word) === `--${name}` || long(word).startsWith(`--${name}=`))?.split('=')[0] ??
      `--${name}`
    const bare = long(written).replace(/^-+(no-)?/, '')
    const meant = didYouMean(bare, Object.keys(spec.options))
    const elsewhere = NAMES.filter(command => bare in specOf(command).options)
    throw new UsageError(
      `Unknown option ${written}` +
        (elsewhere.length > 0 && !(bare in spec.options)
          ? `: it is an option of ${inWords(elsewhere, 'and')}.`
          : meant
            ? `: did you mean --${meant}?`
            : '.'),
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
    throw new UsageError(`unexpected argument "${surplus[0]}": ${command} takes ${takes}.`)
  }
  const written = words.filter((_, i) => i > 0 && rolesOf(words)[i] === 'operand')
  for (const [i, name] of names.entries())
    if (written[i] !== undefined && words.some(word => word === `--${name}` || word.startsWith(`--${name}=`)))
      throw new UsageError(`"${written[i]}" and --${name} both give the ${name}: remove one of them.`)
  // yargs turns a lone hyphen, which means standard input, into an empty text.
  const hyphen = (value: unknown) => (value === '' && words.includes('-') ? '-' : value)
  return Object.fromEntries(names.map(name => [name, hyphen(line[name])]))
}

function unknownCommand(word: string, words: readonly string[]): UsageError {
  if (word === '') {
    const option = words.find(each => /^--?[a-z]/i.test(each))
    return new UsageError(
      `${option ? `${option} is given without a command` : 'No command'}: give one of ${inWords([...NAMES, ...PRINTED])}. See hopwise --help.`,
    )
  }
  const meant = didYouMean(word, [...NAMES, ...PRINTED])
  return new UsageError(
    `Unknown command "${word}": ${meant ? `did you mean ${meant}?` : `hopwise has ${inWords([...NAMES, ...PRINTED])}.`}`,
  )
}

/** Variables that look like misspelt ones of ours. Others are ignored: Kubernetes sets HOPWISE_SERVICE_HOST and similar ones. */
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
    return meant ? [`${variable} is set, but there is no such option: did you mean ${meant.toUpperCase()}?`] : []
  })
}
