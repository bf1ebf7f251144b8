import type { Paint } from './paint.js'
import type { Row } from './row.js'
import type { OfScene, View } from './view.js'
import { cut, padded, widthOf } from './width.js'
import type { Phrases } from './words.js'

/** The separator between scenes side by side. */
export const BETWEEN = '  ╎  '
/** No arrow needs to be longer than this. */
export const CELL_MAX = 100

/** One or more scenes side by side; events that cannot be shown yet wait here. */
export class Block {
  private readonly held: OfScene[] = []

  constructor(
    readonly views: readonly View[],
    private readonly cell: number,
    private readonly paint: Paint,
  ) {}

  hold(event: OfScene): void {
    this.held.push(event)
  }

  get holds(): boolean {
    return this.held.length > 0
  }

  /** Titles and names, whenever the block comes onto the screen. */
  header(): string[] {
    const titles = this.views.map(({ title }) => {
      const shown = cut(title, this.cell)
      return this.paint(shown, 'title') + ' '.repeat(this.cell - widthOf(shown))
    })
    const names = this.views.map(view => view.header().map(row => row.text(this.paint, true)))
    return [
      '',
      titles.join(this.paint(BETWEEN, 'faint')).trimEnd(),
      '',
      ...this.zipped(names, () => ' '.repeat(this.cell)),
    ]
  }

  /** Shows the held events, and these. */
  take(events: readonly OfScene[]): string[] {
    const all = [...this.held.splice(0), ...events]
    const cells = this.views.map(view => view.take(all.filter(({ scene }) => scene === view.id)))
    return this.zipped(
      cells.map(rows => rows.map(row => this.cellText(row))),
      i => this.cellText(this.views[i]?.blank()),
    )
  }

  /** Nothing has moved for this long, and no client waits. */
  isOver(at: number, silenceMs: number): boolean {
    return this.views.every(({ stalls, lastAt }) => !stalls && at - lastAt >= silenceMs)
  }

  /** The line under the block while time passes; '' if something has just happened. */
  clock(at: number, { seconds }: Phrases): string {
    const stalls = this.views.some(view => view.stalls)
    const cells = this.views.map(view => {
      const now = view.waitingNow(at)
      if (!view.isSilent(at) || (stalls && !view.stalls)) return ' '.repeat(this.cell)
      const time = `… ${seconds(at - view.lastAt)}  `
      const room = this.cell - 2
      const said = now === null ? '' : fits(time + now.sentence, room) ? now.sentence : now.chain
      return this.paint(padded(`  ${cut(time + said, room)}`, this.cell), now?.cycle ? 'bad' : 'faint')
    })
    const line = cells.join(' '.repeat(BETWEEN.length))
    return line.trim() === '' ? '' : line
  }

  private cellText(row: Row | undefined): string {
    if (row === undefined) return ' '.repeat(this.cell)
    return row.text(this.paint, this.views.length > 1)
  }

  private zipped(cells: readonly (readonly string[])[], blank: (i: number) => string): string[] {
    const count = Math.max(...cells.map(rows => rows.length))
    return Array.from({ length: count }, (_, n) =>
      cells
        .map((rows, i) => rows[n] ?? blank(i))
        .join(this.paint(BETWEEN, 'faint'))
        .trimEnd(),
    )
  }
}

function fits(text: string, columns: number): boolean {
  return cut(text, columns) === text
}
