/** One message as it was on the wire: read by a separate, naive reader that shares nothing with lib/wire. */
export interface WireMessage {
  /** Start line and field lines, without their CRLF, latin1. */
  readonly head: readonly string[]
  /** 0 for a request. */
  readonly status: number
  /** The lines after the last chunk; null: the content is not chunked, or was cut off before its end. */
  readonly trailers: readonly string[] | null
}

/** The bytes of one direction of a connection, in pieces: latin1 text, and content of which only the length was kept. */
export class WireBytes {
  readonly #pieces: (string | number)[] = []
  /** How much of the first piece was read. */
  #at = 0

  constructor(text = '') {
    this.add(text)
  }

  add(piece: string | number): void {
    const last = this.#pieces.length - 1
    const before = this.#pieces[last]
    if (piece === '' || piece === 0) return
    if (typeof piece === 'string' && typeof before === 'string') this.#pieces[last] = before + piece
    else this.#pieces.push(piece)
  }

  /** Takes back the last `count` bytes, which are text. */
  cut(count: number): void {
    const last = this.#pieces.pop()
    if (typeof last !== 'string' || last.length < count) throw new Error('only text can be taken back')
    this.add(last.slice(0, last.length - count))
  }

  clear(): void {
    this.#pieces.length = this.#at = 0
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** The beginning of what was not read yet. */
  get rest(): string {
    const [first = ''] = this.#pieces
    return typeof first === 'string' ? first.slice(this.#at, this.#at + 200) : `${first} bytes of content`
  }

  /** null when nothing begins here, or the head is incomplete. */
  request(): WireMessage | null {
    const head = this.#section()
    return head === null ? null : { head, status: 0, trailers: this.#content(head, 'none') }
  }

  /** One response, which may be an interim one. @param method of the request */
  response(method: string): WireMessage | null {
    const head = this.#section()
    if (head === null) return null
    const status = Number(head[0]?.slice(9, 12))
    const switches = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)
    if (switches) this.clear()
    const bare = method === 'HEAD' || status < 200 || status === 204 || status === 304 || switches
    return { head, status, trailers: bare ? null : this.#content(head, 'close') }
  }

  /** Skips a preface of the PROXY protocol, in either version. */
  passPreface(): void {
    const [first] = this.#pieces
    if (this.#at > 0 || typeof first !== 'string') return
    if (first.startsWith('PROXY ')) this.#line()
    else if (first.startsWith('\r\n\r\n\0\r\nQUIT\n'))
      this.#skip(16 + first.charCodeAt(14) * 256 + first.charCodeAt(15))
  }

  #content(head: readonly string[], otherwise: 'none' | 'close'): string[] | null {
    const field = (name: RegExp) => head.find(line => name.test(line))
    if (field(/^transfer-encoding:.*chunked/i) !== undefined) return this.#chunks()
    const length = field(/^content-length:/i)
    if (length !== undefined) this.#skip(Number(length.slice(length.indexOf(':') + 1)))
    else if (otherwise === 'close') this.clear()
    return null
  }

  #chunks(): string[] | null {
    for (;;) {
      const line = this.#line()
      if (line === null) return null
      const size = Number.parseInt(line, 16)
      if (Number.isNaN(size)) throw new Error(`a chunk without a size: ${line}`)
      if (size === 0) return this.#section()
      if (!this.#skip(size) || this.#line() !== '') return null
    }
  }

  /** Lines up to an empty one; if there is none, null, and nothing is read. */
  #section(): string[] | null {
    const [first] = this.#pieces
    if (typeof first !== 'string') return null
    const end = first.startsWith('\r\n', this.#at) ? this.#at : first.indexOf('\r\n\r\n', this.#at)
    if (end < 0) return null
    const text = first.slice(this.#at, end)
    this.#skip(end - this.#at + (text === '' ? 2 : 4))
    return text === '' ? [] : text.split('\r\n')
  }

  #line(): string | null {
    const [first] = this.#pieces
    const end = typeof first === 'string' ? first.indexOf('\r\n', this.#at) : -1
    if (typeof first !== 'string' || end < 0) return null
    const line = first.slice(this.#at, end)
    this.#skip(end + 2 - this.#at)
    return line
  }

  /** false: there are not that many. */
  #skip(count: number): boolean {
    for (let left = count; left > 0; ) {
      const [first] = this.#pieces
      if (first === undefined) return false
      const here = (typeof first === 'string' ? first.length : first) - this.#at
      const step = Math.min(left, here)
      left -= step
      this.#at += step
      if (step < here) continue
      this.#pieces.shift()
      this.#at = 0
    }
    return true
  }
}
