import type { LabEvent } from '../lib/lab/events.js'
import type { Experiment } from '../lib/lab/experiment.js'
import type { Language } from '../lib/lab/said.js'
import type { Extra } from './lab-extras.mjs'

export declare function fileOf(id: string, language: Language): string
export declare function figureFile(id: string, name: string, language: Language): string
export declare function pageOf(
  course: readonly Experiment[],
  nth: number,
  events: readonly LabEvent[] | null,
  extra: Extra | undefined,
  language: Language,
): string
export declare function indexOf(course: readonly Experiment[], language: Language): string
