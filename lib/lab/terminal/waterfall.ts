import type { Bar, LabEvent, SceneSet } from '../events.js'
import type { Style } from './paint.js'
import { Row } from './row.js'
import type { Look } from './stage.js'
import { cut, widthOf } from './width.js'
import { shortMs, WORDS } from './words.js'

const PARTS: Readonly<Record<Bar['part'], readonly [glyph: string, style: Style]>> = {
  wait: ['·', 'faint'],
  name: ['░', 'reject'],
  connect: ['▒', 'replace'],
  send: ['»', 'step'],
  server: ['▓', 'plain'],
  receive: ['█', 'add'],
}

const ROWS_MAX = 24
const NAME_MAX = 22
const TIME_COLUMNS = 9

/** Bars over time, one row for each loaded object; all scenes have the same scale, so that they can be compared. */
export function waterfall(events: readonly LabEvent[], look: Look): string[] {
  const bars = events.filter((event): event is LabEvent & Bar => event.kind === 'bar')
  if (bars.length === 0) return []
  const whole = Math.max(1, ...bars.map(({ to }) => to))
  const parts = (Object.keys(PARTS) as Bar['part'][]).filter(part => bars.some(bar => bar.part === part))
  const key = parts.map(part => look.paint(`${PARTS[part][0]} ${WORDS[part][look.language]}`, PARTS[part][1]))
  const scenes = events.filter((event): event is LabEvent & SceneSet => event.kind === 'scene')
  return [
    '',
    ...scenes.flatMap(({ scene, title }) => {
      const own = bars.filter(bar => bar.scene === scene)
      return own.length === 0 ? [] : [look.paint(title[look.language], 'title'), ...chart(own, whole, look)]
    }),
    `  ${key.join('   ')}`,
  ]
}

function chart(bars: readonly Bar[], wholeMs: number, { width, paint }: Look): string[] {
  const names = [...new Set(bars.map(({ row }) => row))]
  const first = Math.min(NAME_MAX, Math.max(...names.map(widthOf))) + 3
  const room = Math.max(20, Math.min(width, 120) - first - TIME_COLUMNS)
  const column = (ms: number) => Math.min(room, Math.round((ms / wholeMs) * room))
  const lines = names.slice(0, ROWS_MAX).map(name => {
    const own = bars.filter(({ row }) => row === name)
    const row = new Row(first + room + TIME_COLUMNS).put(2, cut(name, NAME_MAX))
    let end = 0
    for (const { part, from, to } of own) {
      const [glyph, style] = PARTS[part]
      const start = Math.min(column(from), room - 1)
      const columns = Math.max(1, column(to) - start)
      row.put(first + start, glyph.repeat(columns), style)
      end = Math.max(end, start + columns)
    }
    const over = Math.max(...own.map(({ to }) => to))
    return row.put(first + end + 1, `${shortMs(over)} ms`, 'faint').text(paint)
  })
  const more = names.length - lines.length
  return more > 0 ? [...lines, `  ${paint(`… +${more}`, 'faint')}`] : lines
}
