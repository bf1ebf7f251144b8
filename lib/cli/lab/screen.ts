import type { LabEvent } from '../../lab/events.js'
import type { Stage } from '../../lab/terminal/stage.js'

/** The output on which a run is shown. */
export interface Outlet {
  write(text: string): unknown
  /** Lines may be rewritten: the output is a terminal. */
  readonly live: boolean
}

/**
 * The interval between two frames: events that came in between are drawn together, so that drawing does not disturb the
 * measurements.
 */
const FRAME_MS = 40
/** Returns to the beginning of the line and erases it. */
export const ERASE = '\r\x1b[2K'

/** Shows a run while it goes on: lines are added, and on a terminal the last one is a clock that is rewritten. */
export class LabScreen {
  private queue: LabEvent[] = []
  private clock = ''
  private readonly timer: NodeJS.Timeout

  /** @param now ms of the run at this moment */
  constructor(
    private readonly stage: Stage,
    private readonly outlet: Outlet,
    private readonly now: () => number,
  ) {
    this.timer = setInterval(() => this.frame(), FRAME_MS)
  }

  /** The event is shown with the next frame. */
  show(event: LabEvent): void {
    this.queue.push(event)
  }

  /** Shows the rest. */
  end(): void {
    clearInterval(this.timer)
    this.print([...this.stage.take(this.queue), ...this.stage.end()], '')
  }

  private frame(): void {
    const { queue } = this
    this.queue = []
    const lines = queue.length > 0 ? this.stage.take(queue) : this.stage.tick(this.now())
    this.print(lines, this.outlet.live ? this.stage.clock(this.now()) : '')
  }

  private print(lines: readonly string[], clock: string): void {
    if (lines.length === 0 && clock === this.clock) return
    const erased = this.clock === '' ? '' : ERASE
    this.clock = clock
    this.outlet.write(`${erased}${lines.map(line => `${line}\n`).join('')}${clock}`)
  }
}
