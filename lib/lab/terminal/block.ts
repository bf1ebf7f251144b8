import type { Paint } from './paint.js'
import type { Row } from './row.js'
import type { OfScene, View } from './view.js'
import { cut, padded, widthOf } from './width.js'
import type { Phrases } from './words.js'

/** Between scenes that stand side by side. */
export const BETWEEN = '  ╎  '
/** Longer than this no arrow needs to be. */
export const CELL_MAX = 100

/** Scenes that stand side by side, one or more; what they cannot show yet waits here. */
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

  /** Titles and names, the first time it comes onto the screen and whenever it comes back. */
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

  /** What was held, and these. */
  take(events: readonly OfScene[]): string[] {
    const all = [...this.held.splice(0), ...events]
    const cells = this.views.map(view => view.take(all.filter(({ scene }) => scene === view.id)))
    return this.zipped(
      cells.map(rows => rows.map(row => this.cellText(row))),
      i => this.cellText(this.views[i]?.blank()),
    )
  }

  /** Nothing has moved for so long, and no client waits. */
  isOver(at: number, silenceMs: number): boolean {
    return this.views.every(({ stalls, lastAt }) => !stalls && at - lastAt >= silenceMs)
  }

  /** The line under it while time passes; '' where something has just happened. */
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
