import type { Description } from '../experiment.js'
import type { Look } from './stage.js'
import { cut, padded, widthOf } from './width.js'

/** Shorter questions say nothing by themselves. */
const ASKED_COLUMNS_MIN = 24

/** All experiments: id and title, and under them what is asked. */
export function listLines(experiments: readonly Description[], { width, paint, language }: Look): string[] {
  const first = idColumns(experiments) + 2
  return experiments.flatMap(({ id, title, question }) => [
    `${paint(padded(id, first), 'strong')}${title[language]}`,
    `${' '.repeat(first)}${paint(ending(asked(question[language]), width - first), 'faint')}`,
  ])
}

/** The end of a question is what is asked, and as many sentences before it as it needs to be understood. */
export function asked(question: string): string {
  const sentences = question.split(/(?<=[.?!])\s+/)
  let from = sentences.length - 1
  while (from > 0 && widthOf(sentences.slice(from).join(' ')) < ASKED_COLUMNS_MIN) from -= 1
  return sentences.slice(from).join(' ')
}

/** The last words that fit into so many columns: the question stands at the end. */
function ending(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  const words = text.split(' ')
  let from = words.length - 1
  while (from > 1 && widthOf(words.slice(from - 1).join(' ')) <= columns - 2) from -= 1
  return cut(`… ${words.slice(from).join(' ')}`, columns)
}

/** Columns of the longest id. */
export function idColumns(experiments: readonly Description[]): number {
  return Math.max(...experiments.map(({ id }) => widthOf(id)))
}
