import { ChunkFraming } from './chunk-framing.js'
import { GRAMMAR_LIMITS, GRAMMAR_MAXIMA, type GrammarLimits } from './limits.js'
import type { Lines } from './lines.js'
import { CR, describeOctet, LF } from './octets.js'
import { type Breach, ProtocolError } from './protocol-error.js'
import { checkRequestTrailers, RequestHead, readRequestHead } from './request-head.js'
import { SectionReader } from './section-reader.js'

/** Receives what was read, synchronously. The arguments are valid until the call returns. */
export interface RequestSink {
  onRequestHead(head: RequestHead): void
  /** Content as it arrived: a slice of the bytes given to `consume`, without chunk framing. */
  onRequestContent(bytes: Buffer, from: number, to: number): void
  /** `trailers` is null when there are none. */
  onRequestEnd(trailers: Lines | null): void
}

/**
 * Reads the requests of one connection, one after the other (RFC 9112). Strict: a deviation from the grammar is refused, never
 * repaired. How the bytes are split over calls never changes what the sink receives, nor the error.
 */
export class RequestReader {
  /** A call threw: the reader must not be used again. */
  failed = false
  private phase: 'empty-lines' | 'head' | 'length' | 'chunks' | 'trailers' | 'ending' | 'done' = 'empty-lines'
  private readonly head = new RequestHead()
  private readonly section: SectionReader
  private readonly chunks: ChunkFraming
  private lengthLeft = 0
  private emptyLines = 0
  private emptyLineCr = false

  constructor(private readonly limits: GrammarLimits = GRAMMAR_LIMITS) {
    this.section = new SectionReader(limits, false)
    this.chunks = new ChunkFraming(limits, 400)
  }

  /** The current message is complete. */
  get done(): boolean {
    return this.phase === 'done'
  }

  /** At least one byte of a request line was read, and the message is not complete yet. */
  get started(): boolean {
    return this.phase !== 'empty-lines' && this.phase !== 'done'
  }

  /** The head was delivered, content or trailers are still to come. */
  get inContent(): boolean {
    return this.phase === 'length' || this.phase === 'chunks' || this.phase === 'trailers'
  }

  /** The bytes still to come of content with a Content-Length; -1 during chunked content; else 0. */
  get contentLeft(): number {
    if (this.phase === 'length') return this.lengthLeft
    return this.phase === 'chunks' || this.phase === 'trailers' ? -1 : 0
  }

  /**
   * Reads `bytes[from, to)` until `to` or the end of the message; after that, nothing until `next`. Returns the offset of the
   * first byte that was not read. Throws ProtocolError with 400, 413, 414, 431, 501 or 505; exceptions of the sink pass through.
   */
  consume(bytes: Buffer, from: number, to: number, sink: RequestSink): number {
    if (this.failed) throw new Error('a reader that failed must not be used again')
    this.failed = true
    let at = from
    while (at < to && this.phase !== 'done') at = this.step(bytes, at, to, sink)
    this.failed = false
    return at
  }

  /**
   * Reads the empty lines before a request line and nothing else. Returns the offset of the first byte that was not read: it
   * begins a request, or an error, for `consume`. Up to there, no request has been made.
   */
  skipEmptyLines(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && this.isEmptyLine(bytes[at]!)) at = this.readEmptyLine(bytes, at)
    return at
  }

  /** Prepares for the next request on the connection. Only after a complete one. */
  next(): void {
    if (this.phase === 'empty-lines') return
    if (this.phase !== 'done') throw new Error('the request is not complete')
    this.phase = 'empty-lines'
    this.emptyLines = 0
  }

  private step(bytes: Buffer, at: number, to: number, sink: RequestSink): number {
    switch (this.phase) {
      case 'empty-lines':
        return this.readEmptyLine(bytes, at)
      case 'head':
        return this.readHead(bytes, at, to, sink)
      case 'length':
        return this.readLength(bytes, at, to, sink)
      case 'chunks':
        return this.readChunks(bytes, at, to, sink)
      default:
        return this.readTrailers(bytes, at, to, sink)
    }
  }

  /** RFC 9112 2.2: a limited number of empty lines before a request line is skipped. */
  private readEmptyLine(bytes: Buffer, at: number): number {
    const octet = bytes[at]!
    if (this.emptyLineCr) {
      this.emptyLineCr = false
      if (octet !== LF) throw refused('bare CR before the request line', octet)
      return at + 1
    }
    if (octet !== CR) {
      this.phase = 'head'
      return at
    }
    if (this.emptyLines === this.limits.emptyLinesMax)
      throw refused('too many empty lines before the request line', octet, { limits: ['emptyLinesMax'] })
    this.emptyLines++
    this.emptyLineCr = true
    return at + 1
  }

  /** Whether this is the next byte of an empty line without any fault. */
  private isEmptyLine(octet: number): boolean {
    if (this.phase !== 'empty-lines') return false
    return this.emptyLineCr ? octet === LF : octet === CR && this.emptyLines < this.limits.emptyLinesMax
  }

  private readHead(bytes: Buffer, at: number, to: number, sink: RequestSink): number {
    const end = this.section.read('request', bytes, at, to)
    if (end < 0) return to
    const { lines, methodTo, targetTo, minor } = this.section.scan
    const { head } = this
    readRequestHead(head, lines, methodTo, targetTo, minor)
    if (head.framing === 'chunked') {
      this.chunks.start()
      this.phase = 'chunks'
    } else {
      this.lengthLeft = head.contentLength
      this.phase = head.contentLength > 0 ? 'length' : 'ending'
    }
    sink.onRequestHead(head)
    this.section.release()
    if (this.phase === 'ending') this.finish(sink, null)
    return end
  }

  private readLength(bytes: Buffer, at: number, to: number, sink: RequestSink): number {
    const end = Math.min(to, at + this.lengthLeft)
    this.lengthLeft -= end - at
    sink.onRequestContent(bytes, at, end)
    if (this.lengthLeft === 0) this.finish(sink, null)
    return end
  }

  private readChunks(bytes: Buffer, from: number, to: number, sink: RequestSink): number {
    const { chunks } = this
    const at = chunks.read(bytes, from, to)
    if (chunks.last) this.phase = 'trailers'
    const end = Math.min(to, at + chunks.left)
    if (end === at) return at
    chunks.left -= end - at
    sink.onRequestContent(bytes, at, end)
    return end
  }

  private readTrailers(bytes: Buffer, at: number, to: number, sink: RequestSink): number {
    const end = this.section.read('request-trailers', bytes, at, to)
    if (end < 0) return to
    const { section } = this
    const { lines } = section.scan
    checkRequestTrailers(lines)
    this.finish(sink, lines.count > 0 ? lines : null)
    section.release()
    return end
  }

  private finish(sink: RequestSink, trailers: Lines | null): void {
    this.phase = 'done'
    sink.onRequestEnd(trailers)
  }
}

function refused(what: string, octet: number, breach?: Breach): ProtocolError {
  return new ProtocolError(400, `${what}: ${describeOctet(octet)}`, 'RFC 9112 2.2', -1, breach)
}

/**
 * Reads again a head that was read before, from its text (latin1, with its empty line).
 * @param use receives the head, synchronously
 */
export function readHeadAgain(text: string, use: (head: RequestHead) => void): void {
  const ignore = (): void => {}
  const sink = { onRequestHead: use, onRequestContent: ignore, onRequestEnd: ignore }
  new RequestReader(GRAMMAR_MAXIMA).consume(Buffer.from(text, 'latin1'), 0, text.length, sink)
}
