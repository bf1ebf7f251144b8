import { type Paint, type Style, visible } from './paint.js'
import { letterWidth } from './width.js'

interface Cell {
  /** A letter with its marks; '' is the second column of the previous letter. */
  readonly letter: string
  readonly style: Style
}

const BLANK: Cell = { letter: ' ', style: 'plain' }

/** One line of a drawing: a text is put at its column and overwrites what was there. Text beyond the width is left out. */
export class Row {
  private readonly cells: Cell[] = []

  constructor(readonly width: number) {}

  put(column: number, text: string, style: Style = 'plain'): this {
    let at = column
    for (const letter of visible(text)) {
      const width = letterWidth(letter)
      if (width === 0) this.mark(at - 1, letter)
      else if (at >= 0 && at + width <= this.width) this.set(at, letter, width, style)
      at += width
    }
    return this
  }

  /** The whole line: padded to the width if `full`, otherwise without blanks at its end. */
  text(paint: Paint, full = false): string {
    const cells = full ? Array.from({ length: this.width }, (_, at) => this.cells[at] ?? BLANK) : this.used()
    let out = ''
    for (let at = 0; at < cells.length; ) {
      const { style } = cells[at] as Cell
      let piece = ''
      for (; cells[at]?.style === style; at++) piece += cells[at]?.letter
      out += paint(piece, style)
    }
    return out
  }

  private used(): Cell[] {
    const last = this.cells.findLastIndex(cell => cell !== undefined && cell.letter !== ' ')
    return Array.from({ length: last + 1 }, (_, at) => this.cells[at] ?? BLANK)
  }

  private set(at: number, letter: string, width: 1 | 2, style: Style): void {
    // Half of a wide letter must not remain.
    if (this.cells[at]?.letter === '') this.cells[at - 1] = BLANK
    if (this.cells[at + width]?.letter === '') this.cells[at + width] = BLANK
    this.cells[at] = { letter, style }
    if (width === 2) this.cells[at + 1] = { letter: '', style }
  }

  private mark(at: number, mark: string): void {
    const base = this.cells[at]?.letter === '' ? at - 1 : at
    const cell = this.cells[base]
    if (cell !== undefined) this.cells[base] = { ...cell, letter: cell.letter + mark }
  }
}
