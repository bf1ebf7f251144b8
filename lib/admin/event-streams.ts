import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../net/clock.js'
import { inSlices } from '../net/slices.js'
import { jsonSteps } from './json-steps.js'
import { type Look, shownSnapshot } from './look.js'
import { type Looked, type Pulse, pulseBetween } from './pulse.js'
import type { AdminSource } from './source.js'
import { within } from './within.js'

export interface StreamSettings {
  readonly source: AdminSource
  readonly clock: Clock
  /** Streams at once. */
  readonly streamsMax: number
  /** Connections of each side in one look. */
  readonly shownMax: number
  /** How long the source may take to answer, in milliseconds. */
  readonly sourceMs: number
  warn(message: string, cause: unknown): void
}

const LOOK_MS = 1_000
/** Over so many looks latency and reuse are taken. */
const LOOKS_MAX = 11
/** Points of the charts that a page gets when it comes: five minutes. */
const PULSES_MAX = 300
/** Who has not taken one look after so many more of them is too slow, or gone. */
const UNTAKEN_MAX = 5
/** What a browser waits before it comes again after the stream broke. */
const RETRY_MS = 2_000

/**
 * The server-sent events of the live page: one look a second, made once for all who watch, and only while somebody does.
 * A reader that cannot keep up misses looks, then loses its stream; nothing piles up for it.
 */
export class EventStreams {
  private readonly streams = new Map<ServerResponse, { untaken: number }>()
  private readonly pulses: Pulse[] = []
  /** The last looks, oldest first. */
  private looks: Looked[] = []
  private timer: Timer | null = null
  private looking = false
  private numbered = 0

  constructor(private readonly settings: StreamSettings) {}

  get open(): number {
    return this.streams.size
  }

  get full(): boolean {
    return this.streams.size >= this.settings.streamsMax
  }

  /** Takes over a response whose head is not sent yet. */
  add(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.write(`retry: ${RETRY_MS}\nevent: history\ndata: ${JSON.stringify(this.pulses)}\n\n`)
    response.on('close', () => this.remove(response))
    this.streams.set(response, { untaken: 0 })
    if (this.timer === null) {
      this.settings.source.watched(true)
      this.timer = this.settings.clock.every(LOOK_MS, () => void this.look())
    }
    void this.look()
  }

  /** Ends all streams at once. */
  close(): void {
    for (const response of [...this.streams.keys()]) {
      response.destroy()
      this.remove(response)
    }
  }

  private remove(response: ServerResponse): void {
    if (!this.streams.delete(response) || this.streams.size > 0) return
    this.timer?.cancel()
    this.timer = null
    this.looks = []
    this.settings.source.watched(false)
  }

  /** One look, for everybody. A source that is slower than a second is asked again when it has answered. */
  private async look(): Promise<void> {
    if (this.looking) return
    this.looking = true
    try {
      const look = await this.makeLook()
      if (look === null) this.everybody(response => response.write(': nothing could be seen\n\n'))
      else {
        const text = `id: ${++this.numbered}\nevent: look\ndata: ${await inSlices(jsonSteps(look))}\n\n`
        this.everybody(response => response.write(text))
      }
    } finally {
      this.looking = false
    }
  }

  private async makeLook(): Promise<Look | null> {
    const { source, shownMax, sourceMs, clock, warn } = this.settings
    try {
      const [{ phases, ...totals }, snapshot] = await within(
        sourceMs,
        clock,
        Promise.all([source.stats(), source.snapshot(shownMax)]),
      )
      const pulse = this.beat({ at: snapshot.at, totals: { phases, ...totals } })
      const ready = source.ready()
      const reason = source.reasonNotReady()
      return {
        at: snapshot.at,
        ready,
        reason,
        totals,
        pulse,
        snapshot: shownSnapshot(snapshot),
        advice: source.advice(),
      }
    } catch (fault) {
      warn('the live page could not be told what goes on', fault)
      return null
    }
  }

  /** A new point of the charts; a second page that comes between two of them gets none of its own. */
  private beat(now: Looked): Pulse | null {
    const before = this.looks.at(-1)
    if (before !== undefined && now.at - before.at < LOOK_MS / 2) return this.pulses.at(-1) ?? null
    this.looks.push(now)
    if (this.looks.length > LOOKS_MAX) this.looks.shift()
    if (before === undefined) return null
    const pulse = pulseBetween(this.looks[0]!, before, now)
    this.pulses.push(pulse)
    if (this.pulses.length > PULSES_MAX) this.pulses.shift()
    return pulse
  }

  private everybody(write: (response: ServerResponse) => boolean): void {
    for (const [response, stream] of this.streams) {
      if (!response.writableNeedDrain) {
        stream.untaken = 0
        write(response)
      } else if (++stream.untaken > UNTAKEN_MAX) response.destroy()
    }
  }
}
