import { canonicalLength } from './canonical-length.js'
import { ChunkFraming } from './chunk-framing.js'
import { GRAMMAR_LIMITS, type GrammarLimits } from './limits.js'
import type { Lines } from './lines.js'
import { ProtocolError } from './protocol-error.js'
import { ResponseHead, type ResponseTo, readResponseHead } from './response-head.js'
import { SectionReader } from './section-reader.js'

/** Content up to this size becomes text together with the head that it arrived with. */
const JOINED_BYTES_MAX = 1024

/** Receives what was read, synchronously. The arguments are valid until the call returns. */
export interface ResponseSink {
  /** Called for interim heads (1xx except 101), too: after an interim head, another head follows. */
  onResponseHead(head: ResponseHead): void /**
   * Content as it arrived: a slice of the bytes given to `consume`, without chunk framing. `text` is the same content if it was
   * already converted to text, else ''.
   */
  onResponseContent(bytes: Buffer, from: number, to: number, text?: string): void
  /** `trailers` is null when there are none. */
  onResponseEnd(trailers: Lines | null): void
}

/**
 * Reads the responses of one connection, one for each `expect` (RFC 9112). Unless `strict`, it is lenient with heads where real
 * origins need it; what the sink receives is always clean. How the bytes are split over calls never changes what the sink
 * receives, nor the error.
 */
export class ResponseReader {
  /** A call threw: the reader must not be used again. */
  failed = false
  private phase: 'unarmed' | 'head' | 'length' | 'chunks' | 'close' | 'trailers' | 'ending' | 'done' = 'unarmed'
  private responseTo: ResponseTo = 'other'
  /** The number of interim heads before this response, and their size in bytes. */
  private interims = 0
  private interimBytes = 0
  private readonly head = new ResponseHead()
  private readonly section: SectionReader
  private readonly chunks: ChunkFraming
  private lengthLeft = 0
  /** The next content, if it became text together with its head. */
  private contentText = ''

  constructor(
    private readonly limits: GrammarLimits = GRAMMAR_LIMITS,
    strict = false,
  ) {
    this.section = new SectionReader(limits, !strict)
    this.chunks = new ChunkFraming(limits, 502)
  }

  /** The expected response is complete. */
  get done(): boolean {
    return this.phase === 'done'
  }

  /** At least one byte of the expected response was read (an interim head counts), and the response is not complete yet. */
  get started(): boolean {
    if (this.phase === 'head') return this.interims > 0 || this.section.isOpen
    return this.phase !== 'unarmed' && this.phase !== 'done'
  }

  /** The final head was delivered, content or trailers are still to come. */
  get inContent(): boolean {
    return this.phase === 'length' || this.contentLeft < 0
  }

  /**
   * The bytes still to come of content with a Content-Length; -1 during content that is chunked or delimited by close; else 0.
   */
  get contentLeft(): number {
    if (this.phase === 'length') return this.lengthLeft
    return this.phase === 'chunks' || this.phase === 'close' || this.phase === 'trailers' ? -1 : 0
  }

  /** Prepares for the response to a request with this method. Only when no response is outstanding (RFC 9112 9.2). */
  expect(method: string): void {
    if (this.phase !== 'unarmed' && this.phase !== 'done') throw new Error('the response is not complete')
    this.responseTo = method === 'HEAD' || method === 'CONNECT' ? method : 'other'
    this.interims = this.interimBytes = 0
    this.phase = 'head'
  }

  /**
   * Reads `bytes[from, to)` until `to` or the end of the response. Returns the offset of the first byte that was not read.
   * Bytes with no response outstanding are an error (R73). Throws ProtocolError with 502; exceptions of the sink pass through.
   */
  consume(bytes: Buffer, from: number, to: number, sink: ResponseSink): number {
    if (this.failed) throw new Error('a reader that failed must not be used again')
    if (from === to) return from
    this.failed = true
    if (this.phase === 'unarmed' || this.phase === 'done') {
      throw new ProtocolError(502, 'bytes received with no request outstanding', 'RFC 9112 9.2')
    }
    let at = from
    while (at < to && !this.done) at = this.step(bytes, at, to, sink)
    this.failed = false
    return at
  }

  /**
   * The connection ended. Completes content that is delimited by close; throws ProtocolError 502 for an incomplete response (RFC
   * 9112 8).
   */
  end(sink: ResponseSink): void {
    if (this.phase === 'unarmed' || this.phase === 'done') return
    if (this.phase === 'close') {
      this.finish(sink, null)
      return
    }
    this.failed = true
    const where = this.inContent ? 'in the content' : this.started ? 'in the head' : 'before the head'
    throw new ProtocolError(502, `incomplete response: the connection ended ${where}`, 'RFC 9112 8', -1, {
      kind: 'incomplete',
    })
  }

  private step(bytes: Buffer, at: number, to: number, sink: ResponseSink): number {
    switch (this.phase) {
      case 'head':
        return this.readHead(bytes, at, to, sink)
      case 'length':
        return this.readLength(bytes, at, to, sink)
      case 'chunks':
        return this.readChunks(bytes, at, to, sink)
      case 'close':
        sink.onResponseContent(bytes, at, to)
        return to
      default:
        return this.readTrailers(bytes, at, to, sink)
    }
  }

  private readHead(bytes: Buffer, at: number, to: number, sink: ResponseSink): number {
    const end = this.section.read('response', bytes, at, to)
    if (end < 0) return to
    const clean = canonicalLength(this.section.scan.lines)
    if (clean !== undefined) this.section.replace(clean.text, clean.collapsed)
    const { lines, status, minor } = this.section.scan
    const { head } = this
    readResponseHead(head, lines, this.responseTo, status, minor)
    const interim = status < 200 && status !== 101
    if (interim) this.countInterim(lines)
    else this.begin(head)
    if (this.phase === 'length' && this.lengthLeft <= Math.min(JOINED_BYTES_MAX, to - end))
      lines.joinContent(bytes, this.lengthLeft)
    sink.onResponseHead(head)
    this.contentText = lines.contentText
    this.section.release()
    if (this.phase === 'ending') this.finish(sink, null)
    return end
  }

  /** A client reads several interim responses (RFC 9110 15.2), but an endless series of them is not a response. */
  private countInterim(lines: Lines): void {
    const { interimResponsesMax, interimBytesMax } = this.limits
    this.interims++
    this.interimBytes += lines.text.length
    if (this.interims > interimResponsesMax)
      throw new ProtocolError(
        502,
        `more than ${interimResponsesMax} interim responses before the final response`,
        'RFC 9110 15.2',
        -1,
        { limits: ['interimResponsesMax'] },
      )
    if (this.interimBytes > interimBytesMax)
      throw new ProtocolError(502, `interim responses of more than ${interimBytesMax} bytes`, 'RFC 6585 5', -1, {
        kind: 'head-size',
        limits: ['interimBytesMax'],
      })
  }

  private begin(head: ResponseHead): void {
    if (head.framing === 'chunked') {
      this.chunks.start()
      this.phase = 'chunks'
    } else if (head.framing === 'close') {
      this.phase = 'close'
    } else {
      this.lengthLeft = head.contentLength
      this.phase = head.contentLength > 0 ? 'length' : 'ending'
    }
  }

  private readLength(bytes: Buffer, at: number, to: number, sink: ResponseSink): number {
    const end = Math.min(to, at + this.lengthLeft)
    this.lengthLeft -= end - at
    const text = this.contentText
    this.contentText = ''
    sink.onResponseContent(bytes, at, end, text)
    if (this.lengthLeft === 0) this.finish(sink, null)
    return end
  }

  private readChunks(bytes: Buffer, from: number, to: number, sink: ResponseSink): number {
    const { chunks } = this
    const at = chunks.read(bytes, from, to)
    if (chunks.last) this.phase = 'trailers'
    const end = Math.min(to, at + chunks.left)
    if (end === at) return at
    chunks.left -= end - at
    sink.onResponseContent(bytes, at, end)
    return end
  }

  private readTrailers(bytes: Buffer, at: number, to: number, sink: ResponseSink): number {
    const end = this.section.read('response-trailers', bytes, at, to)
    if (end < 0) return to
    const { section } = this
    const { lines } = section.scan
    this.finish(sink, lines.count > 0 ? lines : null)
    section.release()
    return end
  }

  private finish(sink: ResponseSink, trailers: Lines | null): void {
    this.phase = 'done'
    sink.onResponseEnd(trailers)
  }
}
