import type { LabEvent, SceneSet, Stamped } from '../events.js'
import type { Language } from '../said.js'
import { BETWEEN, Block, CELL_MAX } from './block.js'
import { GUTTER, SPAN_MIN } from './lanes.js'
import type { Paint } from './paint.js'
import { SceneView, silenceMsAt } from './scene-view.js'
import { TranscriptView } from './transcript-view.js'
import type { OfScene, View } from './view.js'
import { phrases } from './words.js'

/** How the output looks. */
export interface Look {
  /** The width of the terminal. */
  readonly width: number
  readonly paint: Paint
  readonly language: Language
  /** Scenes that run together may be side by side if there is room. */
  readonly sideBySide: boolean
  /** The lifelines of all parties, or only what the client sees, as telnet prints it. */
  readonly view: 'lifelines' | 'transcript'
}

/** In narrower cells the sentences of a scene are hard to read. */
const CELL_MIN = 56
/** ms for which a new scene is held back, so that the earlier ones can end: how their connections close. */
const LATE_MS = 50
/** ms of silence, at scale 1, after which the screen leaves a scene for one that has something to show. */
const LEAVE_MS = 2_500
const LEAVE_MS_MIN = 400
const CELL_NARROWEST = 38

/**
 * The lifelines of a run: turns its events into lines that are only ever appended. Scenes that were set at one moment are side by
 * side if they fit; otherwise one after another, and the events of those that are not yet on the screen wait for their turn.
 */
export class Stage {
  private queue: LabEvent[] = []
  private readonly blocks = new Map<string, Block>()
  private shown: Block | null = null
  private scale = 1

  constructor(private readonly look: Look) {}

  /** Takes events that came together, in their order. */
  take(events: readonly LabEvent[]): string[] {
    this.queue.push(...events)
    return this.settle(events.at(-1)?.at ?? 0)
  }

  /** Time has passed: it may be another scene's turn. */
  tick(at: number): string[] {
    return [...this.settle(at), ...this.leave(at)]
  }

  /** The line at the bottom while time passes, at most as wide as the terminal; '' for none. */
  clock(at: number): string {
    return this.shown?.clock(at, phrases(this.look.language)) ?? ''
  }

  /** Shows everything that has not been shown yet. */
  end(): string[] {
    return [...this.settle(Number.POSITIVE_INFINITY), ...this.rest()]
  }

  /**
   * Plays the queue, but stops at a new scene while earlier scenes may still have events, or while another scene may be set
   * beside it.
   */
  private settle(at: number): string[] {
    const lines: string[] = []
    for (;;) {
      const next = this.queue.findIndex(event => event.kind === 'scene' && !this.blocks.has(event.scene))
      lines.push(...this.play(this.queue.splice(0, next < 0 ? this.queue.length : next)))
      const [first] = this.queue
      if (first === undefined || at < first.at + LATE_MS) return lines
      const until = first.at + LATE_MS
      // Late events of earlier scenes belong to those scenes: how their connections close.
      const isLate = (event: LabEvent) => event.at <= until && 'scene' in event && this.blocks.has(event.scene)
      const late = this.queue.filter(isLate)
      this.queue = this.queue.filter(event => !isLate(event))
      const isBeside = (event: LabEvent): event is SceneSet & Stamped => event.kind === 'scene' && event.at === first.at
      lines.push(...this.play(late), ...this.raise(this.queue.filter(isBeside)))
    }
  }

  private play(events: readonly LabEvent[]): string[] {
    const lines: string[] = []
    const now: OfScene[] = []
    const show = () => lines.push(...(this.shown?.take(now.splice(0)) ?? []))
    for (const event of events) {
      if (event.kind === 'run') this.scale = event.scale
      if (!('scene' in event)) continue
      const block = this.blocks.get(event.scene)
      if (block === this.shown) now.push(event)
      else {
        block?.hold(event)
        show()
        lines.push(...this.leave(event.at))
      }
    }
    show()
    return lines
  }

  /** Puts scenes that were set together onto the screen, after the earlier ones are over. */
  private raise(sets: readonly (SceneSet & Stamped)[]): string[] {
    const rest = this.rest()
    const { count, cell } = this.room(sets)
    for (let i = 0; i < sets.length; i += count) {
      const beside = sets.slice(i, i + count)
      const block = new Block(
        beside.map(set => this.viewOf(set, cell)),
        cell,
        this.look.paint,
      )
      for (const { scene } of beside) this.blocks.set(scene, block)
    }
    const first = this.blocks.get(sets[0]?.scene ?? '')
    return first === undefined ? rest : [...rest, ...this.turnTo(first)]
  }

  /** How many of these scenes fit side by side, and how wide each is. */
  private room(sets: readonly SceneSet[]): { count: number; cell: number } {
    const { width, sideBySide } = this.look
    const parties = Math.max(...sets.map(set => set.parties.length))
    const needed = Math.max(CELL_MIN, GUTTER + 1 + (parties - 1) * SPAN_MIN)
    const most = Math.floor((width + BETWEEN.length) / (needed + BETWEEN.length))
    const count = sideBySide ? Math.max(1, Math.min(sets.length, most)) : 1
    const cell = Math.floor((width - BETWEEN.length * (count - 1)) / count)
    return { count, cell: Math.max(CELL_NARROWEST, Math.min(cell, CELL_MAX)) }
  }

  private viewOf(set: SceneSet & Stamped, cell: number): View {
    const { language, view } = this.look
    return view === 'lifelines'
      ? new SceneView(set, cell, language, this.scale)
      : new TranscriptView(set, language, silenceMsAt(this.scale))
  }

  private turnTo(block: Block): string[] {
    this.shown = block
    return block.header()
  }

  /**
   * If nothing moves on the screen and no client waits: shows the held events of other scenes, up to one that is not over yet.
   */
  private leave(at: number): string[] {
    const lines: string[] = []
    for (const block of this.holding()) {
      if (this.shown !== null && !this.shown.isOver(at, Math.max(LEAVE_MS_MIN, LEAVE_MS * this.scale))) break
      lines.push(...this.turnTo(block), ...block.take([]))
    }
    return lines
  }

  private rest(): string[] {
    return this.holding().flatMap(block => [...this.turnTo(block), ...block.take([])])
  }

  private holding(): Block[] {
    return [...new Set(this.blocks.values())].filter(block => block !== this.shown && block.holds)
  }
}
