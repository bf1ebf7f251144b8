import { type FaultName, faultError, type SectionKind } from './faults.js'
import type { GrammarLimits } from './limits.js'
import { Lines } from './lines.js'
import { FIELD_OCTET, KEPT_OCTET } from './octets.js'
import type { ProtocolError } from './protocol-error.js'

export type Progress = 'more' | 'done' | 'fault'

/** Where a scan stands. Small integers: the hot loops compare them once for each element. */
export const STAGE = {
  method: 0,
  target: 1,
  version: 2,
  status: 3,
  reason: 4,
  startLineLf: 5,
  line: 6,
  name: 7,
  valueSpace: 8,
  value: 9,
  lineLf: 10,
  blankLf: 11,
} as const

/**
 * The state of reading one section (a head, or the trailers), kept between reads so that no octet is ever scanned twice.
 * All offsets count from the section's first octet.
 */
export class Scan {
  readonly lines = new Lines()
  kind: SectionKind = 'request'
  /** How many octets were scanned. */
  at = 0
  stage: number = STAGE.method
  lineMax = 0
  sectionMax = 0
  fieldsMax = 0

  /** Where the method and the target end (each at its space). */
  methodTo = 0
  targetTo = 0
  minor: 0 | 1 = 1
  status = 0

  /** The field line being read. */
  lineFrom = 0
  nameTo = 0
  valueFrom = 0

  private fault: FaultName | null = null
  private faultAt = 0

  /** 1 for what may stand in a value and in a reason. */
  textOctets = FIELD_OCTET

  /** `lenient`: with the control octets that real origins send. */
  start(kind: SectionKind, limits: GrammarLimits, lenient: boolean): void {
    this.kind = kind
    this.textOctets = lenient ? KEPT_OCTET : FIELD_OCTET
    this.at = 0
    this.stage = kind === 'request' ? STAGE.method : kind === 'response' ? STAGE.status : STAGE.line
    this.lineMax = limits.requestLineBytesMax
    this.sectionMax = kind === 'request' || kind === 'response' ? limits.headBytesMax : limits.trailerBytesMax
    this.fieldsMax = limits.fieldsMax
    this.lines.clear()
    this.fault = null
  }

  /** Keeps where the scan stands until more octets come. */
  pause(stage: number, at: number): Progress {
    this.stage = stage
    this.at = at
    return 'more'
  }

  /** Keeps what was stumbled over, at which octet. */
  stumble(fault: FaultName, stage: number, at: number): Progress {
    this.stage = stage
    this.fault = fault
    this.faultAt = at
    return 'fault'
  }

  get stumbledOver(): FaultName | null {
    return this.fault
  }

  /** The error of the fault; `bytes[base]` is the section's first octet. */
  error(bytes: Buffer, base: number): ProtocolError {
    return faultError(this.fault!, this.kind, bytes[base + this.faultAt]!, this.faultAt, this.element(bytes, base))
  }

  private element(bytes: Buffer, base: number): string {
    if (this.stage < STAGE.line) return this.kind === 'request' ? 'the request line' : 'the status line'
    if (this.stage < STAGE.valueSpace) return `the name of field ${this.lines.count + 1}`
    if (this.stage === STAGE.blankLf) return 'the empty line at its end'
    const to = Math.min(this.nameTo, this.lineFrom + 64)
    return `the value of field "${bytes.toString('latin1', base + this.lineFrom, base + to)}"`
  }
}
