import type { LabEvent, SceneSet, Stamped } from '../events.js'
import type { Language } from '../said.js'
import { BETWEEN, Block, CELL_MAX } from './block.js'
import { GUTTER, SPAN_MIN } from './lanes.js'
import type { Paint } from './paint.js'
import { SceneView, silenceMsAt } from './scene-view.js'
import { TranscriptView } from './transcript-view.js'
import type { OfScene, View } from './view.js'
import { phrases } from './words.js'

/** How everything is to look. */
export interface Look {
  /** Of the terminal. */
  readonly width: number
  readonly paint: Paint
  readonly language: Language
  /** Scenes that run together may stand side by side, where there is room. */
  readonly sideBySide: boolean
  /** Lifelines of all, or what the client sees, as telnet prints it. */
  readonly view: 'lifelines' | 'transcript'
}

/** Narrower than this the sentences of a scene are hard to read. */
const CELL_MIN = 56
/** ms for which a scene is held back, so that those before it come to their end: how their connections close. */
const LATE_MS = 50
/** ms of silence after which a scene is left for one that has something to show, at scale 1. */
const LEAVE_MS = 2_500
const LEAVE_MS_MIN = 400
const CELL_NARROWEST = 38

/**
 * The lifelines of a run, from its events to lines that are only ever added. Scenes that were set at one moment stand side by side where
 * they fit; else one after the other, and what happens in those that are not yet on the screen waits until it is their turn.
 */
export class Stage {
  private queue: LabEvent[] = []
  private readonly blocks = new Map<string, Block>()
  private shown: Block | null = null
  private scale = 1

  constructor(private readonly look: Look) {}

  /** Events that came together, in their order. */
  take(events: readonly LabEvent[]): string[] {
    this.queue.push(...events)
    return this.settle(events.at(-1)?.at ?? 0)
  }

  /** Time has passed: it may be another scene's turn. */
  tick(at: number): string[] {
    return [...this.settle(at), ...this.leave(at)]
  }

  /** What stands under it while time passes, as wide as the terminal at most; '' for nothing. */
  clock(at: number): string {
    return this.shown?.clock(at, phrases(this.look.language)) ?? ''
  }

  /** What has not been shown yet. */
  end(): string[] {
    return [...this.settle(Number.POSITIVE_INFINITY), ...this.rest()]
  }

  /** Plays what is there, but not beyond a scene while there may be more to say of those before it, or another one is set beside it. */
  private settle(at: number): string[] {
    const lines: string[] = []
    for (;;) {
      const next = this.queue.findIndex(event => event.kind === 'scene' && !this.blocks.has(event.scene))
      lines.push(...this.play(this.queue.splice(0, next < 0 ? this.queue.length : next)))
      const [first] = this.queue
      if (first === undefined || at < first.at + LATE_MS) return lines
      const until = first.at + LATE_MS
      // What scenes before it have still to say belongs to them: how their connections close.
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

  /** Scenes that were set together; when those before them are over, they come onto the screen. */
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

  /** How many of these stand side by side, and how wide each is. */
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

  /** Where nothing moves any more, and no client waits: what other scenes hold is shown, until one of them is not over yet. */
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
