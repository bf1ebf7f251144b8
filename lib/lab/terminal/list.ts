import type { Description } from '../experiment.js'
import type { Look } from './stage.js'
import { padded, widthOf, wrapped } from './width.js'

/** Shorter questions are not understandable alone. */
const ASKED_COLUMNS_MIN = 24
/** Longer lines are hard to read. */
const COLUMNS_MAX = 100

/** All experiments: id and title, and under them the question, on as many lines as it needs. */
export function listLines(experiments: readonly Description[], { width, paint, language }: Look): string[] {
  const first = idColumns(experiments) + 2
  return experiments.flatMap(({ id, title, question }) => [
    `${paint(padded(id, first), 'strong')}${title[language]}`,
    ...wrapped(asked(question[language]), Math.min(width, COLUMNS_MAX) - first).map(
      line => `${' '.repeat(first)}${paint(line, 'faint')}`,
    ),
  ])
}

/** The last sentence of a question, with as many sentences before it as it needs to be understood. */
export function asked(question: string): string {
  const sentences = question.split(/(?<=[.?!])\s+/)
  let from = sentences.length - 1
  while (from > 0 && widthOf(sentences.slice(from).join(' ')) < ASKED_COLUMNS_MIN) from -= 1
  return sentences.slice(from).join(' ')
}

/** Columns of the longest id. */
export function idColumns(experiments: readonly Description[]): number {
  return Math.max(...experiments.map(({ id }) => widthOf(id)))
}
