import type { Judged } from '../events.js'
import type { Verdict } from '../experiment.js'
import { said } from '../said.js'
import type { Style } from './paint.js'
import type { Look } from './stage.js'
import { padded, widthOf, wrapped } from './width.js'

const MARKS = {
  observed: [said('ok', '확인'), 'good'],
  'not-observed': [said('not observed', '관찰되지 않음'), 'bad'],
  'too-busy': [said('too busy', '너무 바쁨'), 'replace'],
  impossible: [said('not possible', '불가능'), 'replace'],
} as const satisfies Record<Judged['outcome'], readonly [unknown, Style]>

export interface Summed extends Verdict {
  readonly id: string
  /** The duration of the run. */
  readonly ms: number
}

/** One run of many: its result, its duration, and the reason if the effect was not observed. @param columns of the longest id */
export function summaryLines(
  { id, outcome, text, ms }: Summed,
  columns: number,
  { language, paint, width }: Look,
): string[] {
  const [mark, style] = MARKS[outcome]
  const marks = Math.max(...Object.values(MARKS).map(([each]) => widthOf(each[language])))
  const start = `${paint(padded(mark[language], marks), style)}  ${padded(id, columns)}  ${padded(`${ms.toFixed(0)} ms`, 8, 'start')}`
  if (outcome === 'observed') return [start]
  const lines = wrapped(text[language], width - 4)
  return [start, ...lines.map(line => `    ${paint(line)}`)]
}

/** The last line. */
export function totalLine(outcomes: readonly Judged['outcome'][], ms: number, { language }: Look): string {
  const count = (outcome: Judged['outcome']) => outcomes.filter(each => each === outcome).length
  const [seen, unseen, busy] = [count('observed'), count('not-observed'), count('too-busy')]
  const not = count('impossible')
  const s = (ms / 1000).toFixed(1)
  return said(
    `${outcomes.length} experiments in ${s} s: ${seen} observed, ${unseen} not observed, ${busy} hidden by a busy machine, ${not} not possible on this machine.`,
    `실험 ${outcomes.length}개, ${s}초: 관찰됨 ${seen}, 관찰되지 않음 ${unseen}, 컴퓨터가 바빠 확인하지 못함 ${busy}, 이 컴퓨터에서 불가능 ${not}.`,
  )[language]
}
