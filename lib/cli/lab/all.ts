import { EXPERIMENTS } from '../../lab/catalogue.js'
import type { Judged, LabEvent } from '../../lab/events.js'
import type { Experiment } from '../../lab/experiment.js'
import { recordingLine } from '../../lab/recording.js'
import { runExperiment } from '../../lab/run.js'
import type { Language } from '../../lab/said.js'
import { idColumns } from '../../lab/terminal/list.js'
import { type Summed, summaryLines, totalLine } from '../../lab/terminal/summary.js'
import type { Given } from '../given.js'
import { PROCESS } from './console.js'
import { lookOf } from './look.js'
import { scaleGiven } from './run.js'
import { ERASE } from './screen.js'
import { stopping } from './stop.js'

const SCALE = 0.1

/** Which experiments to run, and where to report them; for tests. */
export interface Many {
  readonly experiments: readonly Experiment[]
  write(text: string): unknown
}

const ALL: Many = { experiments: EXPERIMENTS, write: text => PROCESS.out(text) }

/**
 * `hopwise lab --all`: runs the experiments one after another, so that none disturbs the measurements of another.
 * @returns 0 if each effect was observed, or was impossible on this machine, or hidden because the machine was too busy
 */
export async function runAll(given: Given, language: Language, { experiments, write }: Many = ALL): Promise<number> {
  const scale = scaleGiven(given) ?? SCALE
  const json = given.flag('json') === true
  const look = lookOf(language, 'lifelines', PROCESS)
  const print = (text: string) => json || write(text)
  const onEvent = (event: LabEvent) => json && write(`${recordingLine(event)}\n`)
  const stop = stopping()
  const outcomes: Judged['outcome'][] = []
  const began = performance.now()
  try {
    for (const experiment of experiments) {
      if (look.live) print(`  … ${experiment.id}`)
      const summed = await judgedRun(experiment, { scale, signal: stop.signal, onEvent })
      if (look.live) print(ERASE)
      if (stop.signal.aborted) return stop.code() || 1
      outcomes.push(summed.outcome)
      print(`${summaryLines(summed, idColumns(experiments), look).join('\n')}\n`)
    }
    print(`${totalLine(outcomes, performance.now() - began, look)}\n`)
    return outcomes.includes('not-observed') ? 1 : 0
  } finally {
    stop.over()
  }
}

async function judgedRun(
  experiment: Experiment,
  options: { scale: number; signal: AbortSignal; onEvent(event: LabEvent): void },
): Promise<Summed> {
  const began = performance.now()
  const events = await runExperiment(experiment, options)
  const { outcome, text } = events.at(-1) as LabEvent & Judged
  return { id: experiment.id, outcome, text, ms: performance.now() - began }
}
