import { GRAMMAR_LIMITS, type GrammarLimits } from '../../lib/wire/limits.js'
import { fieldsOf, type Lines } from '../../lib/wire/lines.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { RequestReader } from '../../lib/wire/request-reader.js'
import { ResponseReader } from '../../lib/wire/response-reader.js'

/** What a reader delivered to its sink, in a form that does not depend on the splitting, and how it ended. */
export interface Told {
  events: string[]
  /** `400 RFC 9112 2.2 @17 bare LF …`, or '' */
  error: string
  /** Bytes consumed. */
  consumed: number
}

export type Cuts = readonly number[]

export interface RequestOptions {
  limits?: Partial<GrammarLimits>
  /** Stop after the first message instead of continuing with the next one. */
  once?: boolean
}

export function readRequests(octets: string, cuts: Cuts = [], { limits, once = false }: RequestOptions = {}): Told {
  const reader = new RequestReader({ ...GRAMMAR_LIMITS, ...limits })
  const told = new Teller()
  return told.run(octets, cuts, (bytes, from, to) =>
    reader.consume(bytes, from, to, {
      onRequestHead(head) {
        const { method, target, targetForm, minor, framing, contentLength, host, scheme, path } = head
        told.say(`${method} ${target} 1.${minor} ${framing} ${contentLength}`)
        told.say(`${targetForm} ${scheme}|${host}|${path}`)
        told.lines(head.lines)
      },
      onRequestContent: told.content,
      onRequestEnd(trailers) {
        told.end(trailers)
        if (!once) reader.next()
      },
    }),
  )
}

export interface ResponseOptions {
  limits?: Partial<GrammarLimits>
  strict?: boolean
  /** The methods of the requests, in order; GET when it is not given. */
  to?: readonly string[]
  /** The connection ends after the bytes. */
  ends?: boolean
}

export function readResponses(octets: string, cuts: Cuts = [], options: ResponseOptions = {}): Told {
  const { limits, strict = false, to = ['GET'], ends = false } = options
  const reader = new ResponseReader({ ...GRAMMAR_LIMITS, ...limits }, strict)
  const told = new Teller()
  const methods = [...to]
  const sink = {
    onResponseHead(head: import('../../lib/wire/response-head.js').ResponseHead) {
      const { status, reason, minor, framing, contentLength, lengthDropped, lastOnConnection } = head
      told.say(`${status} ${JSON.stringify(reason)} 1.${minor} ${framing} ${contentLength}`)
      if (lengthDropped) told.say('length dropped')
      if (lastOnConnection) told.say('last')
      if (head.lines.repairs > 0) told.say(`repairs ${head.lines.repairs}`)
      told.lines(head.lines)
    },
    onResponseContent: told.content,
    onResponseEnd(trailers: Lines | null) {
      told.end(trailers)
      const next = methods.shift()
      if (next !== undefined) reader.expect(next)
    },
  }
  const first = methods.shift()
  if (first !== undefined) reader.expect(first)
  return told.run(
    octets,
    cuts,
    (bytes, from, to) => (reader.done ? from : reader.consume(bytes, from, to, sink)),
    () => {
      if (ends) reader.end(sink)
    },
  )
}

class Teller {
  readonly events: string[] = []
  private pending = ''

  say(event: string): void {
    this.flush()
    this.events.push(event)
  }

  lines(lines: Lines): void {
    for (const { name, value } of fieldsOf(lines)) this.say(`${name}: ${value}`)
    const { text } = lines
    if (!text.endsWith('\r\n')) this.say(`text does not end with the blank line: ${text}`)
  }

  readonly content = (bytes: Buffer, from: number, to: number, text = ''): void => {
    const content = bytes.toString('latin1', from, to)
    if (text !== '' && text !== content) this.say(`told as text: ${JSON.stringify(text)}`)
    this.pending += content
  }

  end(trailers: Lines | null): void {
    this.say('end')
    if (trailers === null) return
    this.say('trailers')
    this.lines(trailers)
  }

  run(
    octets: string,
    cuts: Cuts,
    consume: (bytes: Buffer, from: number, to: number) => number,
    after: () => void = () => {},
  ): Told {
    let consumed = 0
    try {
      for (const piece of cut(octets, cuts)) {
        // in a larger buffer full of line ends, so that a step out of bounds shows
        const bytes = Buffer.from(`\r\n\r\n${piece}\r\n\r\n`, 'latin1')
        const at = consume(bytes, 4, bytes.length - 4)
        bytes.fill(0)
        consumed += at - 4
        if (at < bytes.length - 4) break
      }
      after()
    } catch (error) {
      this.flush()
      if (!(error instanceof ProtocolError)) throw error
      return { events: this.events, error: inWords(error), consumed: -1 }
    }
    this.flush()
    return { events: this.events, error: '', consumed }
  }

  private flush(): void {
    if (this.pending !== '') this.events.push(`content ${JSON.stringify(this.pending)}`)
    this.pending = ''
  }
}

function inWords({ status, section, offset, message }: ProtocolError): string {
  return `${status} ${section} @${offset} ${message}`
}

function cut(octets: string, cuts: Cuts): string[] {
  const at = [0, ...cuts, octets.length]
  return at.slice(1).map((to, i) => octets.slice(at[i], to))
}

/** Every cut in two, one byte at a time, and for short inputs every cut in three. */
export function* splittings(length: number): Generator<Cuts> {
  yield Array.from({ length }, (_, i) => i)
  for (let i = 0; i <= length; i++) yield [i]
  if (length > 80) return
  for (let i = 1; i < length; i++) for (let k = i + 1; k < length; k++) yield [i, k]
}

/** Reads the input whole, then split in every way, which must have the same result. Returns it. */
export function everyWay(octets: string, read: (octets: string, cuts: Cuts) => Told): Told {
  const whole = read(octets, [])
  const expected = JSON.stringify(whole)
  for (const cuts of splittings(octets.length)) {
    const split = JSON.stringify(read(octets, cuts))
    if (split !== expected) throw new Error(`split at ${cuts.slice(0, 5)}: ${split} instead of ${expected}`)
  }
  return whole
}
