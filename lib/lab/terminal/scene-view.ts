import type { BytesSeen, ConnectionClosed, ConnectionOpened, LabEvent, SceneSet, Stamped } from '../events.js'
import type { Language } from '../said.js'
import { HangBook, isHang } from '../waits.js'
import { Lanes, timeText } from './lanes.js'
import { type Shown, shownBytes, shownPieces } from './messages.js'
import type { Row } from './row.js'
import type { OfScene, View } from './view.js'
import { type WaitingText, waitingText } from './waiting.js'
import { type Phrases, phrases } from './words.js'

/** Shorter silences are not worth a line; real ms, at scale 1. */
const SILENCE_MS = 400
const SILENCE_MS_MIN = 60

/** One scene as lifelines: turns its events into rows. It knows only the events so far. */
export class SceneView implements View {
  readonly id: string
  readonly title: string
  lastAt: number
  private readonly lanes: Lanes
  private readonly names: ReadonlyMap<string, string>
  private readonly setAt: number
  private readonly hangs: HangBook
  private readonly silenceMs: number
  private readonly ends = new Map<string, ConnectionOpened>()
  private readonly say: Phrases

  constructor(
    private readonly set: SceneSet & Stamped,
    width: number,
    private readonly language: Language,
    scale: number,
  ) {
    this.id = set.scene
    this.title = set.title[language]
    this.setAt = this.lastAt = set.at
    this.lanes = new Lanes(set.parties, width)
    this.names = new Map(set.parties.map(({ id, name }) => [id, name[language]]))
    this.say = phrases(language)
    this.hangs = new HangBook(set.parties, scale)
    this.silenceMs = silenceMsAt(scale)
  }

  header(): Row[] {
    return [this.lanes.names(({ name }) => name[this.language])]
  }

  blank(): Row {
    return this.lanes.row()
  }

  take(events: readonly OfScene[]): Row[] {
    return joined(events).flatMap(event => {
      const before = this.silenceBefore(event[0])
      for (const each of event) this.hangs.note(each, each.at)
      const rows = event.length > 1 ? this.pieces(event as [BytesSeen & Stamped]) : this.one(event[0])
      if (before.length === 0 && rows.length === 0) return []
      this.lastAt = event[0].at
      return [...before, ...rows]
    })
  }

  get stalls(): boolean {
    return this.set.parties.some(({ id, role }) => role === 'client' && this.hangs.waiting.has(id))
  }

  isSilent(at: number): boolean {
    return at - this.lastAt >= this.silenceMs
  }

  waitingNow(at: number): WaitingText | null {
    const { running } = this.hangs
    return this.waitingText(running !== null && isHang(running, at))
  }

  private waitingText(hangs: boolean): WaitingText | null {
    return waitingText(this.hangs.waiting, hangs, this.set.parties, id => this.nameOf(id), this.say)
  }

  /** The rows for the silence before an event: the event that ends it shows whether it was a hang. */
  private silenceBefore(event: OfScene): Row[] {
    const { at } = event
    if (!this.isSilent(at)) return []
    const { running } = this.hangs
    const broken = this.hangs.breaks(event)
    const now = this.waitingText(running !== null && isHang({ ...running, to: at, broken }, at))
    const text = `${this.say.silence(at - this.lastAt)}${now === null ? '' : `: ${now.sentence}`}`
    const told = this.lanes.across(text, now?.cycle ? 'bad' : 'faint', { sign: '…', lane: '┆' })
    return now?.cycle ? [this.lanes.row(undefined, '┆'), ...told, this.lanes.row(undefined, '┆')] : told
  }

  private one(event: OfScene & Stamped): Row[] {
    const atMs = event.at - this.setAt
    switch (event.kind) {
      case 'open':
        return this.opened(atMs, event)
      case 'bytes':
        return shownBytes(event, this.say).flatMap(shown => this.octets(atMs, event, shown))
      case 'fin':
        return this.about(atMs, event.connection, event.by, 'FIN')
      case 'closed':
        return this.closed(atMs, event)
      case 'step':
        return this.lanes.across(event.text[this.language], 'step', { atMs, sign: `(${event.n})` })
      case 'note': {
        const who = event.party === undefined ? '' : `${this.nameOf(event.party)}: `
        return this.lanes.across(`${who}${event.text[this.language]}`, 'plain', { atMs, sign: '·' })
      }
      default:
        return []
    }
  }

  private opened(atMs: number, event: ConnectionOpened): Row[] {
    this.ends.set(event.connection, event)
    const { from, to, connection, tookMs } = event
    const label = this.say.opens(connection, tookMs)
    return [this.arrow(atMs, { from, to, label, tail: '', line: 'about', style: 'add' })]
  }

  private octets(atMs: number, { connection, by }: BytesSeen, { label, style, under }: Shown): Row[] {
    const to = this.peer(connection, by)
    return [
      this.arrow(atMs, { from: by, to, label, tail: connection, line: 'octets', style }),
      ...under.flatMap(marked => this.lanes.under(by, to, marked)),
    ]
  }

  private pieces(events: readonly (BytesSeen & Stamped)[]): Row[] {
    const [first] = events
    if (first === undefined) return []
    return this.octets(first.at - this.setAt, first, shownPieces(events, this.say))
  }

  private about(atMs: number, connection: string, by: string, label: string): Row[] {
    const to = this.peer(connection, by)
    return [this.arrow(atMs, { from: by, to, label, tail: connection, line: 'about', style: 'replace' })]
  }

  private closed(atMs: number, { connection, by, how, why }: ConnectionClosed): Row[] {
    const reason = why === undefined ? '' : `: ${why[this.language]}`
    const text = `${this.say.closed(connection, this.nameOf(by), how)}${reason}`
    const { from, to } = this.ends.get(connection) ?? { from: by, to: by }
    const style = how === 'fin' ? 'faint' : 'bad'
    const rows = this.lanes.under(from, to, { sign: '✕', text, style })
    rows[0]?.put(0, timeText(atMs), 'faint')
    const reset = how === 'reset' ? this.about(atMs, connection, by, 'RST') : []
    return [...reset, ...rows]
  }

  private arrow(atMs: number, arrow: Parameters<Lanes['arrow']>[1]): Row {
    const drawn = this.lanes.arrow(atMs, arrow)
    if (drawn !== null) return drawn
    const text = `${this.nameOf(arrow.from)} → ${this.nameOf(arrow.to)}: ${arrow.label}`
    return this.lanes.across(text, arrow.style, { atMs })[0] ?? this.blank()
  }

  private peer(connection: string, by: string): string {
    const ends = this.ends.get(connection)
    if (ends === undefined) return by
    return ends.from === by ? ends.to : ends.from
  }

  private nameOf(id: string): string {
    return this.names.get(id) ?? id
  }
}

/** The shortest silence that gets a line: scaled runs have shorter ones. */
export function silenceMsAt(scale: number): number {
  return Math.max(SILENCE_MS_MIN, SILENCE_MS * Math.min(1, scale))
}

/** Events one by one, but consecutive pieces of one content in one group. */
function joined(events: readonly OfScene[]): [OfScene, ...OfScene[]][] {
  const groups: [OfScene, ...OfScene[]][] = []
  for (const event of events) {
    const last = groups.at(-1)
    const before = last?.[0]
    if (
      last &&
      before &&
      isPiece(event) &&
      isPiece(before) &&
      before.connection === event.connection &&
      before.by === event.by
    )
      last.push(event)
    else groups.push([event])
  }
  return groups
}

function isPiece(event: LabEvent): event is BytesSeen & Stamped {
  return event.kind === 'bytes' && event.heads === undefined
}
