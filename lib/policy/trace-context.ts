import type { Lines } from '../wire/lines.js'
import { hashOf } from '../wire/names.js'

/** The trace that a request is part of (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** The span of the sender: 16 hexadecimal digits. */
  readonly spanId: string
  /** Bits: 1 sampled, 2 the trace id is random; others are not defined yet. */
  readonly flags: number
  /** The value of tracestate, with its lines joined; '' for none. */
  readonly state: string
}

export const SAMPLED = 1
export const RANDOM = 2

/**
 * The received trace context; null if there is none or it is invalid: tracestate is then ignored, too (W3C Trace Context 4.3).
 */
export function receivedTrace(lines: Lines): TraceContext | null {
  let value = ''
  let state = ''
  for (let i = 0; i < lines.count; i++) {
    if (lines.isNamed(i, 'traceparent', PARENT)) {
      if (value !== '') return null
      value = lines.value(i)
    } else if (lines.isNamed(i, 'tracestate', STATE) && lines.value(i) !== '') {
      state += state === '' ? lines.value(i) : `,${lines.value(i)}`
    }
  }
  return value === '' ? null : readTraceparent(value, state)
}

const PARENT = hashOf('traceparent')
const STATE = hashOf('tracestate')

/** Version 00 has exactly this form; a later version may continue after another hyphen (W3C Trace Context 3.2.4). */
const FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

function readTraceparent(value: string, state: string): TraceContext | null {
  const [, version, traceId, spanId, digits] = FORM.exec(value) ?? []
  if (traceId === undefined || spanId === undefined || digits === undefined) return null
  if (version === '00' && value.length > LENGTH) return null
  return { traceId, spanId, flags: Number.parseInt(digits, 16) & (SAMPLED | RANDOM), state }
}

const LENGTH = 55

/** The lines of a trace context in version 00, each with its CRLF. */
export function traceLines({ traceId, spanId, flags, state }: TraceContext): string {
  const digits = flags.toString(16).padStart(2, '0')
  return `traceparent: 00-${traceId}-${spanId}-${digits}\r\n${state === '' ? '' : `tracestate: ${state}\r\n`}`
}
