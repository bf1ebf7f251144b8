import type { Figure, LabEvent, SceneSet } from '../events.js'
import type { Language } from '../said.js'
import { item, paragraph } from './prose.js'
import type { Look } from './stage.js'
import { padded, widthOf, wrapped } from './width.js'
import { phrases } from './words.js'

interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly [label: string, cells: readonly string[]])[]
}

/** Headings may be wrapped to so many columns. */
interface Headed extends Table {
  readonly heading: number
}

const GAP = 3
const HEADING_COLUMNS = 12

/** The measured figures: figures by scenes, or scenes by figures, whichever fits; otherwise a list. */
export function figureTable(events: readonly LabEvent[], look: Look): string[] {
  const scenes = events.filter((event): event is LabEvent & SceneSet => event.kind === 'scene')
  const figures = events.filter((event): event is LabEvent & Figure => event.kind === 'figure')
  const measured = scenes.filter(({ scene }) => figures.some(figure => figure.scene === scene))
  if (measured.length === 0) return []
  const { language } = look
  const latest = new Map(figures.map(figure => [`${figure.scene}\n${figure.id}`, figure]))
  const labels = new Map(figures.map(({ id, label }) => [id, label[language]]))
  const cell = (scene: string, id: string) => valueText(latest.get(`${scene}\n${id}`), language)
  const titles = measured.map(({ title }) => title[language])
  const byFigure: Table = {
    columns: titles,
    rows: [...labels].map(([id, label]) => [label, measured.map(({ scene }) => cell(scene, id))]),
  }
  const byScene: Table = {
    columns: [...labels.values()],
    rows: measured.map(({ scene, title }) => [title[language], [...labels.keys()].map(id => cell(scene, id))]),
  }
  const ways = [Number.POSITIVE_INFINITY, HEADING_COLUMNS].flatMap(heading =>
    [byFigure, byScene].map(table => ({ ...table, heading })),
  )
  const fitting = ways.find(way => widthOfTable(way) <= look.width)
  return fitting === undefined ? listed(byScene, look) : drawn(fitting, look)
}

function drawn(table: Headed, { paint }: Look): string[] {
  const { columns, rows } = table
  const first = Math.max(...rows.map(([label]) => widthOf(label)))
  const widths = columnWidths(table)
  const line = (label: string, cells: readonly string[], style: 'faint' | 'strong') =>
    `  ${paint(padded(label, first))}${cells.map((cell, i) => ' '.repeat(GAP) + paint(padded(cell, widths[i] ?? 0, 'start'), style)).join('')}`
  const headings = columns.map((column, i) => wrapped(column, widths[i] ?? 0))
  const high = Math.max(...headings.map(({ length }) => length))
  const top = Array.from({ length: high }, (_, n) => headings.map(lines => lines[n - high + lines.length] ?? ''))
  return [...top.map(cells => line('', cells, 'faint')), ...rows.map(([label, cells]) => line(label, cells, 'strong'))]
}

function listed({ columns, rows }: Table, look: Look): string[] {
  return rows.flatMap(([label, cells]) => [
    ...paragraph(label, look, { style: 'strong' }),
    ...columns.flatMap((column, i) =>
      cells[i] === '–' ? [] : item(padded(cells[i] ?? '', 10, 'start'), column, look, { sign: 'strong' }),
    ),
  ])
}

function widthOfTable(table: Headed): number {
  const first = Math.max(...table.rows.map(([label]) => widthOf(label)))
  return 2 + first + columnWidths(table).reduce((sum, width) => sum + width + GAP, 0)
}

/** Each column is as wide as its widest value and its heading, which may be wrapped between words. */
function columnWidths({ columns, rows, heading }: Headed): number[] {
  return columns.map((column, i) => {
    const word = Math.max(...column.split(' ').map(widthOf))
    const top = Math.min(widthOf(column), Math.max(heading, word))
    return Math.max(top, ...rows.map(([, cells]) => widthOf(cells[i] ?? '')))
  })
}

function valueText(figure: Figure | undefined, language: Language): string {
  if (figure === undefined) return '–'
  const { value, unit } = figure
  if (unit === 'ms') return phrases(language).ms(value)
  const number = value.toLocaleString('en-US', { maximumFractionDigits: 2 })
  return unit === 'count' ? number : `${number}${phrases(language).unit(unit)}`
}
