import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../net/clock.js'
import { said } from '../said.js'
import type { LabLimits } from './limits.js'
import { busy } from './problem.js'
import type { RecordedRun } from './recorded-run.js'

export interface StreamSettings {
  readonly limits: LabLimits
  readonly clock: Clock
}

/** Bytes that are written at once. */
const BATCH_BYTES = 32_768
/** The time that a browser waits before it reconnects a broken stream. */
const RETRY_MS = 1_000
const RETRY_AFTER_S = 5

/**
 * The server-sent events of all runs: each stream reads its recording at its own pace, and nothing is buffered for a slow one.
 */
export class RunStreams {
  private readonly streams = new Set<RunStream>()

  constructor(private readonly settings: StreamSettings) {}

  get open(): number {
    return this.streams.size
  }

  /** @throws Problem if there are too many streams */
  admit(run: RecordedRun): void {
    const { streamsMax, streamsOfRunMax } = this.settings.limits
    if (this.streams.size < streamsMax && run.listenerCount < streamsOfRunMax) return
    throw busy(
      503,
      said(
        'Too many pages are already watching. Close one, or try again later.',
        '이미 너무 많은 페이지가 보고 있다. 하나를 닫거나 나중에 다시 시도하라.',
      ),
      RETRY_AFTER_S,
    )
  }

  /** Takes over a response whose head is not yet sent. @param after the number of events that the reader already has */
  add(response: ServerResponse, run: RecordedRun, after: number): void {
    const stream = new RunStream(response, run, after, this.settings)
    this.streams.add(stream)
    response.on('close', () => {
      stream.leave()
      this.streams.delete(stream)
    })
    stream.begin()
  }

  /** Ends all streams at once. */
  close(): void {
    for (const stream of [...this.streams]) stream.destroy()
  }
}

class RunStream {
  private readonly beat: Timer
  private unlisten: () => void = () => {}
  private next: number
  private ended = false
  private takenAt: number

  constructor(
    private readonly response: ServerResponse,
    private readonly run: RecordedRun,
    after: number,
    private readonly settings: StreamSettings,
  ) {
    const { clock, limits } = settings
    this.next = Math.min(after, run.lines.length)
    this.takenAt = clock.now()
    this.beat = clock.every(limits.beatMs, () => this.look())
  }

  begin(): void {
    const { response } = this
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.write(`retry: ${RETRY_MS}\n\n`)
    response.on('drain', () => {
      this.takenAt = this.settings.clock.now()
      this.pump()
    })
    this.unlisten = this.run.listen(() => this.pump())
    this.pump()
  }

  leave(): void {
    this.beat.cancel()
    this.unlisten()
  }

  destroy(): void {
    this.response.destroy()
  }

  /** Writes as much as the reader accepts. */
  private pump(): void {
    const { response, run } = this
    while (!this.ended && !response.writableNeedDrain) {
      const text = this.batch()
      if (text !== '') response.write(text)
      else if (run.over) this.end()
      else return
    }
  }

  private batch(): string {
    const { lines } = this.run
    const parts: string[] = []
    let bytes = 0
    while (this.next < lines.length && bytes < BATCH_BYTES) {
      const line = lines[this.next]!
      this.next += 1
      bytes += line.length
      parts.push(`id: ${this.next}\ndata: ${line}\n\n`)
    }
    return parts.join('')
  }

  private end(): void {
    this.ended = true
    this.response.end('event: end\ndata: {}\n\n')
  }

  /** A periodic check: notices readers that have left silently, and drops those that read nothing. */
  private look(): void {
    const { clock, limits } = this.settings
    const waiting = this.response.writableNeedDrain || this.ended
    if (waiting && clock.now() - this.takenAt > limits.slowMs) this.destroy()
    else if (!waiting) {
      this.takenAt = clock.now()
      this.response.write(': still here\n\n')
    }
  }
}
