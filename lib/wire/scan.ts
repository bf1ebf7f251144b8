import { type FaultName, faultError, type SectionKind } from './faults.js'
import type { GrammarLimits } from './limits.js'
import { Lines } from './lines.js'
import { FIELD_OCTET, KEPT_OCTET } from './octets.js'
import type { ProtocolError } from './protocol-error.js'

export type Progress = 'more' | 'done' | 'fault'

/** The position of a scan in the grammar. Small integers, because the hot loops compare them once for each element. */
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
 * The state of scanning one section (a head or a trailer section), kept between reads so that no byte is scanned twice.
 * All offsets count from the first byte of the section.
 */
export class Scan {
  readonly lines = new Lines()
  kind: SectionKind = 'request'
  /** The number of bytes scanned so far. */
  at = 0
  stage: number = STAGE.method
  lineMax = 0
  sectionMax = 0
  fieldsMax = 0

  /** The ends of the method and of the target (the offsets of the spaces after them). */
  methodTo = 0
  targetTo = 0
  minor: 0 | 1 = 1
  status = 0

  /** The field line that is being read. */
  lineFrom = 0
  nameTo = 0
  valueFrom = 0

  private fault: FaultName | null = null
  private faultAt = 0

  /** 1 for each byte that is allowed in a field value and in a reason phrase. */
  textOctets = FIELD_OCTET

  /** `lenient`: allows the control characters that real origins send. */
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

  /** Keeps the position of the scan until more bytes arrive. */
  pause(stage: number, at: number): Progress {
    this.stage = stage
    this.at = at
    return 'more'
  }

  /** Keeps the fault and the offset of its byte. */
  stumble(fault: FaultName, stage: number, at: number): Progress {
    this.stage = stage
    this.fault = fault
    this.faultAt = at
    return 'fault'
  }

  get stumbledOver(): FaultName | null {
    return this.fault
  }

  /** The error for the fault; `bytes[base]` is the first byte of the section. */
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
