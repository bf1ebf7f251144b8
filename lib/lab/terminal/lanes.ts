import type { Party } from '../events.js'
import type { Style } from './paint.js'
import { Row } from './row.js'
import { cut, widthOf, wrapped } from './width.js'

/** The columns for the time of a line. */
export const GUTTER = 8
/** The distance between two lifelines: a start line and most fields fit. */
export const SPAN_MIN = 24
const TIME_COLUMNS = 7

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly label: string
  /** The connection, at the far end of the arrow. */
  readonly tail: string
  /** `octets` are drawn with a solid line, events of the connection itself with a dashed one. */
  readonly line: 'octets' | 'about'
  readonly style: Style
}

/** A sign and the text after it. */
export interface Marked {
  readonly sign: string
  readonly text: string
  readonly style: Style
}

/** The lifelines of one scene and the drawings on them. Rows are `width` columns wide, with the time in front. */
export class Lanes {
  private readonly at: ReadonlyMap<string, number>

  constructor(
    private readonly parties: readonly Party[],
    readonly width: number,
  ) {
    const room = width - GUTTER - 1
    const steps = Math.max(1, parties.length - 1)
    this.at = new Map(parties.map(({ id }, i) => [id, GUTTER + Math.round((i * room) / steps)]))
  }

  /** Only the lifelines, drawn with `sign`. */
  row(atMs?: number, sign = '│'): Row {
    const row = new Row(this.width)
    for (const column of this.at.values()) row.put(column, sign, 'faint')
    return atMs === undefined ? row : row.put(0, timeText(atMs), 'faint')
  }

  /** The names of the parties above their lifelines. */
  names(nameOf: (party: Party) => string): Row {
    const row = new Row(this.width).put(0, 'ms'.padStart(TIME_COLUMNS), 'faint')
    this.parties.forEach((party, i) => {
      const column = this.at.get(party.id) ?? 0
      const name = cut(nameOf(party), Math.max(4, this.span() - 2))
      const last = this.parties.length - 1
      const back = i === 0 ? 0 : i === last ? widthOf(name) - 1 : Math.floor(widthOf(name) / 2)
      row.put(Math.max(0, column - back), name, 'strong')
    })
    return row
  }

  /** Null if one of the two has no lifeline here. */
  arrow(atMs: number, { from, to, label, tail, line, style }: Arrow): Row | null {
    const ends = this.between(from, to)
    if (ends === null) return null
    const { left, right, rightwards } = ends
    const row = this.row(atMs)
    const stroke = line === 'octets' ? '─' : '┄'
    row.put(left + 1, stroke.repeat(right - left - 1), style === 'strong' ? 'plain' : style)
    row.put(rightwards ? left : right, rightwards ? '├' : '┤', 'faint')
    row.put(rightwards ? right - 1 : left + 1, rightwards ? '►' : '◄', style)
    // Two columns and a blank before the label; a blank and the connection or the arrowhead after it.
    const room = right - left - 6 - (tail === '' ? 0 : widthOf(tail) + 1)
    row.put(left + 3, ` ${cut(label, room)} `, style)
    if (tail !== '') row.put(right - 3 - widthOf(tail), ` ${tail} `, 'faint')
    return row
  }

  /** Text under an arrow, between its lifelines. */
  under(from: string, to: string, { sign, text, style }: Marked): Row[] {
    const { left, right } = this.between(from, to) ?? { left: GUTTER, right: this.width - 1 }
    return wrapped(text, Math.max(6, right - left - 5)).map((line, i) => {
      const row = this.row()
      if (i === 0) row.put(left + 2, sign, style)
      return row.put(left + 4, line, style)
    })
  }

  /** Text across all lifelines. */
  across(
    text: string,
    style: Style,
    { atMs, sign = '', lane = '│' }: { atMs?: number; sign?: string; lane?: string } = {},
  ): Row[] {
    const indent = GUTTER + 2
    const hang = sign === '' ? 0 : widthOf(sign) + 1
    return wrapped(text, Math.max(8, this.width - indent - hang - 1)).map((line, i) => {
      const row = this.row(i === 0 ? atMs : undefined, lane)
      if (i === 0 && sign !== '') row.put(indent, `${sign} `, style)
      // A blank on each side, so that no lifeline touches a letter.
      return row.put(indent + hang - 1, ` ${line} `, style)
    })
  }

  private between(from: string, to: string): { left: number; right: number; rightwards: boolean } | null {
    const [a, b] = [this.at.get(from), this.at.get(to)]
    if (a === undefined || b === undefined || Math.abs(a - b) < 8) return null
    return { left: Math.min(a, b), right: Math.max(a, b), rightwards: a < b }
  }

  private span(): number {
    return Math.floor((this.width - GUTTER - 1) / Math.max(1, this.parties.length - 1))
  }
}

/** A moment in ms, in seven columns. */
export function timeText(ms: number): string {
  return (ms < 1000 ? ms.toFixed(1) : ms.toFixed(0)).padStart(TIME_COLUMNS)
}
