import { EXPERIMENTS, experimentCalled } from '../../lab/catalogue.js'
import type { Experiment } from '../../lab/experiment.js'
import { listLines } from '../../lab/terminal/list.js'
import { didYouMean } from '../../proxy/options/did-you-mean.js'
import { visibleLines } from '../../wire/visible.js'
import type { Given } from '../given.js'
import { UsageError } from '../usage-error.js'
import { runAll } from './all.js'
import { type LabConsole, PROCESS } from './console.js'
import type { LabFacts } from './facts.js'
import { languageGiven, lookOf } from './look.js'
import { LAB_VERBS } from './options.js'
import { replayRecording } from './replay.js'
import { runOne } from './run.js'

/** The options of each form of the command. */
const TAKES = {
  list: ['lang', 'json'],
  run: ['yes', 'transcript', 'json', 'save', 'lang', 'scale', 'set'],
  all: ['yes', 'json', 'lang', 'scale', 'all'],
  replay: ['yes', 'transcript', 'json', 'lang', 'speed'],
  check: ['json', 'lang', 'start', 'origin', 'as'],
  serve: ['listen', 'known-as'],
} as const

/**
 * `hopwise lab`.
 * @returns the exit code: 0 observed, 1 not observed, 3 not possible on this machine or too busy
 * @throws UsageError
 */
export async function labCommand(given: Given, facts: LabFacts, at: LabConsole = PROCESS): Promise<number> {
  const word = given.flag('all') === true && !given.onLine('experiment') ? undefined : given.text('experiment')
  if (word === 'serve') {
    takes(given, 'serve', 'hopwise lab serve')
    const { serveLaboratory } = await import('./serve.js')
    return serveLaboratory(given, facts)
  }
  for (const doubt of facts.doubts) at.err(visibleLines(`hopwise: ${doubt}\n`))
  const language = languageGiven(given, at.env)
  if (word === 'replay') {
    takes(given, 'replay', 'hopwise lab replay')
    return replayRecording(given, language, at)
  }
  if (word === 'check') {
    takes(given, 'check', 'hopwise lab check')
    const { checkLearner } = await import('./check.js')
    return checkLearner(given, language, at)
  }
  if (given.flag('all') === true) {
    if (word !== undefined) throw new UsageError(`--all runs every experiment: leave out "${word}", or --all.`)
    takes(given, 'all', '--all')
    return runAll(given, language)
  }
  if (word !== undefined) {
    takes(given, 'run', `hopwise lab ${word}`)
    return runOne(given, called(word), language, at)
  }
  takes(given, 'list', 'the list of experiments')
  const text = given.flag('json')
    ? JSON.stringify(
        EXPERIMENTS.map(({ id, title, question }) => ({ id, title, question })),
        null,
        2,
      )
    : listLines(EXPERIMENTS, lookOf(language, 'lifelines', at)).join('\n')
  at.out(`${text}\n`)
  return 0
}

/** @throws UsageError for an option on the command line that would have no effect */
function takes(given: Given, way: keyof typeof TAKES, shown: string): void {
  const all = Object.values(TAKES).flat()
  const [idle] = all.filter(name => given.onLine(name) && !(TAKES[way] as readonly string[]).includes(name))
  if (idle !== undefined) throw new UsageError(`--${idle} cannot be used with ${shown}.`)
  if (way !== 'replay' && way !== 'check' && given.onLine('file'))
    throw new UsageError(`"${given.text('file')}" is one word too many: ${shown} takes options only.`)
}

/** @throws UsageError with a suggestion */
function called(id: string): Experiment {
  const found = experimentCalled(id)
  if (found !== undefined) return found
  const meant = didYouMean(id, [...EXPERIMENTS.map(each => each.id), ...LAB_VERBS])
  throw new UsageError(
    `There is no experiment "${id}"${meant === undefined ? '' : `: did you mean ${meant}?`}${meant === undefined ? '; ' : ' '}hopwise lab lists them.`,
  )
}
