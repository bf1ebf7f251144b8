import { FAULTS, type SectionKind } from './faults.js'
import { scanFieldLines } from './field-lines.js'
import { HeadRepair } from './head-repair.js'
import { HeldOctets } from './held-octets.js'
import { GRAMMAR_MAXIMA, type GrammarLimits } from './limits.js'
import type { Lines } from './lines.js'
import { type Progress, Scan, STAGE } from './scan.js'
import { scanRequestLine, scanStatusLine } from './start-line.js'

/**
 * Reads one section, a head or the trailers, however its bytes are split over reads. A section that arrives whole is scanned in
 * place; one that is split is held here, and the scan continues where it stopped. Between sections it holds nothing.
 */
export class SectionReader {
  private open: Scan | null = null
  private held: HeldOctets | null = null
  private repair: HeadRepair | null = null

  /** `lenient`: repair or accept the deviations that real origins send (responses only). */
  constructor(
    private readonly limits: GrammarLimits,
    private readonly lenient: boolean,
  ) {}

  /** At least one byte of a section was read, and the section was not released. */
  get isOpen(): boolean {
    return this.open !== null
  }

  /** The complete section; valid until `release`. */
  get scan(): Scan {
    return this.open!
  }

  /**
   * Reads `bytes[from, to)`, at least one byte, of a section of this kind. Returns the offset after its empty line, or -1 when
   * all bytes were read and more are needed. Throws ProtocolError.
   */
  read(kind: SectionKind, bytes: Buffer, from: number, to: number): number {
    if (this.open !== null) return this.readOn(bytes, from, to)
    const scan = takeScan()
    this.open = scan
    scan.start(kind, this.limits, this.lenient)
    const progress = runScan(scan, bytes, from, to)
    if (progress === 'done') {
      scan.lines.hold(bytes, from, from + scan.at)
      return from + scan.at
    }
    if (progress === 'fault') {
      this.startRepair(scan, bytes, from)
      return this.readOn(bytes, from, to)
    }
    this.held = new HeldOctets()
    this.held.append(bytes, from, to)
    return -1
  }

  /** Replaces the complete section with this clean text and reads it again. `repaired`: count this as a repair. */
  replace(text: string, repaired: boolean): void {
    const scan = this.scan
    const repairs = scan.lines.repairs + (repaired ? 1 : 0)
    const bytes = Buffer.from(text, 'latin1')
    scan.start(scan.kind, this.limits, this.lenient)
    runScan(scan, bytes, 0, bytes.length)
    scan.lines.hold(bytes, 0, bytes.length)
    scan.lines.repairs = repairs
  }

  /** The section was delivered: its lines may be reused for another section, of any connection. */
  release(): void {
    this.open?.lines.release()
    spare = this.open
    this.open = null
    this.held = null
    this.repair = null
  }

  private readOn(bytes: Buffer, from: number, to: number): number {
    const scan = this.open!
    for (let at = from; at < to; ) {
      const step = Math.min(to, at + STEP_BYTES)
      const held = this.held!
      let end = step
      if (this.repair === null) held.append(bytes, at, step)
      else end = this.repair.read(bytes, at, step)
      const progress = runScan(scan, held.bytes, 0, held.length)
      if (progress === 'done') return this.finish(end - (held.length - scan.at))
      if (progress === 'fault') {
        this.startRepair(scan, held.bytes, 0)
        const raw = held
        const rawEnd = this.readOn(raw.bytes, 0, raw.length)
        if (rawEnd >= 0) return end - (raw.length - rawEnd)
      }
      at = step
    }
    return -1
  }

  private finish(end: number): number {
    const { lines, at } = this.open!
    lines.hold(this.held!.bytes, 0, at)
    lines.repairs = this.repair === null ? 0 : this.repair.count
    return end
  }

  /**
   * Restarts the head, this time through the repair; throws the error of the fault when it is not repairable or must not be
   * repaired.
   */
  private startRepair(scan: Scan, bytes: Buffer, base: number): void {
    const { kind } = scan
    const repairable =
      this.lenient && this.repair === null && kind === 'response' && FAULTS[scan.stumbledOver!].repairable
    if (!repairable) throw scan.error(bytes, base)
    this.held = new HeldOctets()
    this.repair = new HeadRepair(this.held)
    scan.start(kind, this.limits, this.lenient)
  }
}

/**
 * Reads again a trailer section that was read before, from its text (latin1, with its empty line).
 * @param use receives the lines, synchronously
 */
export function readTrailersAgain(text: string, use: (lines: Lines) => void): void {
  const section = new SectionReader(GRAMMAR_MAXIMA, true)
  section.read('response-trailers', Buffer.from(text, 'latin1'), 0, text.length)
  use(section.scan.lines)
  section.release()
}

function runScan(scan: Scan, bytes: Buffer, base: number, to: number): Progress {
  if (scan.stage < STAGE.line) {
    const progress =
      scan.kind === 'request' ? scanRequestLine(scan, bytes, base, to) : scanStatusLine(scan, bytes, base, to)
    if (progress !== 'done') return progress
  }
  return scanFieldLines(scan, bytes, base, to)
}

// One scan serves the whole process: it is returned after each section. A section that keeps it longer (a head split over reads,
// a sink that reads another message within its call) has it to itself, and the next section creates a new one.
let spare: Scan | null = null

function takeScan(): Scan {
  const scan = spare ?? new Scan()
  spare = null
  return scan
}

const STEP_BYTES = 4096 // how much is copied at a time, so that the content after a split head is not copied with it
