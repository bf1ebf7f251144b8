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
  /** Concurrent streams. */
  readonly streamsMax: number
  /** Connections of each side in one look. */
  readonly shownMax: number
  /** How long the source may take to answer, in milliseconds. */
  readonly sourceMs: number
  warn(message: string, cause: unknown): void
}

const LOOK_MS = 1_000
/** Latency and reuse are computed over this many looks. */
const LOOKS_MAX = 11
/** Points of the charts that a page gets when it connects: five minutes. */
const PULSES_MAX = 300
/** A reader that has not taken one look when this many more are due is too slow, or gone. */
const UNTAKEN_MAX = 5
/** How long a browser waits before it reconnects after the stream broke. */
const RETRY_MS = 2_000

/**
 * The server-sent events of the live page: one look a second, made once for all pages, and only while a page is open.
 * A reader that cannot keep up misses looks, then loses its stream; nothing is queued for it.
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

  /** One look, for all streams. A source that takes longer than a second is not asked again before it has answered. */
  private async look(): Promise<void> {
    if (this.looking) return
    this.looking = true
    try {
      const look = await this.makeLook()
      if (look === null) this.toAll(response => response.write(': no data\n\n'))
      else {
        const text = `id: ${++this.numbered}\nevent: look\ndata: ${await inSlices(jsonSteps(look))}\n\n`
        this.toAll(response => response.write(text))
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
      warn('no data for the live page', fault)
      return null
    }
  }

  /** A new point of the charts; a second page that connects between two points gets no point of its own. */
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

  private toAll(write: (response: ServerResponse) => boolean): void {
    for (const [response, stream] of this.streams) {
      if (!response.writableNeedDrain) {
        stream.untaken = 0
        write(response)
      } else if (++stream.untaken > UNTAKEN_MAX) response.destroy()
    }
  }
}
