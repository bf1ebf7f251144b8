import type { Experiment } from './experiment.js'
import { hang } from './experiments/hang.js'

/** Every experiment of the laboratory, in the order of a course. */
export const EXPERIMENTS: readonly Experiment[] = [hang]

/** The one with that id. */
export function experimentCalled(id: string): Experiment | undefined {
  return EXPERIMENTS.find(each => each.id === id)
}
