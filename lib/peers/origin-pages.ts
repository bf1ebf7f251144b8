import type { IncomingMessage, ServerResponse } from 'node:http'

/** The answer of a page. If its length is known, the connection can be kept for an HTTP/1.0 client; otherwise never. */
export interface Answer {
  /** 200 when not given. */
  status?: number
  fields?: Readonly<Record<string, string>>
  /** Bytes of content; undefined when not known beforehand. */
  length: number | undefined
  /** Writes the content and ends. Not called for HEAD. */
  write(response: ServerResponse): void
}

export type Page = (request: IncomingMessage, url: URL) => Answer | Promise<Answer>

const WAIT_MS_MAX = 60_000
const BYTES_MAX = 4 * 1024 ** 3
const LINES_MAX = 1_000
const PLAIN = { 'Content-Type': 'text/plain; charset=utf-8' }
/** The block that `/bytes` repeats: the byte at offset i is i modulo 251, so a shifted or lost piece is noticed. */
const BLOCK = Buffer.from(Uint8Array.from({ length: 251 * 261 }, (_, i) => i % 251))

/** The site of the demonstration origin. */
export const PAGES: Readonly<Record<string, Page>> = {
  /** A short text. */
  '/': () =>
    text('This is the demonstration origin. Try /headers, /slow?ms=500, /stream, /bytes?n=1000000 or POST to /echo.'),

  /** The request head as it arrived here, as the proxy rewrote it. */
  '/headers': request => text(headOf(request).trimEnd()),

  /** Answers after `ms` milliseconds. */
  '/slow': async (_request, url) => {
    const ms = number(url, 'ms', 1_000, WAIT_MS_MAX)
    await new Promise(done => setTimeout(done, ms))
    return text(`This took ${ms} ms.`)
  },

  /** `n` lines, one every `ms` milliseconds, without a known length, with a trailer field at the end (HTTP/1.1). */
  '/stream': (request, url) => {
    const lines = number(url, 'n', 5, LINES_MAX)
    const ms = number(url, 'ms', 200, WAIT_MS_MAX)
    return {
      fields: { ...PLAIN, ...(chunked(request) ? { Trailer: 'Stream-Lines' } : {}) },
      length: undefined,
      write: response => writeLines(response, { lines, ms }),
    }
  },

  /** `n` bytes: byte i is i modulo 251. */
  '/bytes': (_request, url) => {
    const length = number(url, 'n', 1_000, BYTES_MAX)
    return {
      fields: { 'Content-Type': 'application/octet-stream' },
      length,
      write: response => writeBytes(response, length),
    }
  },

  /** Echoes the request content as it arrives, framed as it was. */
  '/echo': request => {
    const length =
      request.headers['transfer-encoding'] === undefined ? Number(request.headers['content-length'] ?? 0) : undefined
    const type = request.headers['content-type'] ?? 'application/octet-stream'
    return { fields: { 'Content-Type': type }, length, write: response => request.pipe(response) }
  },
}

/** The answer of every other path. */
export const missing: Page = () => ({ ...text('No such page here.'), status: 404 })

/** A page of text, with a line end added. */
export function text(content: string): Answer {
  const bytes = Buffer.from(`${content}\n`)
  return {
    fields: PLAIN,
    length: bytes.length,
    write: response => response.end(bytes),
  }
}

/** The head as received, except for whitespace around the values. latin1 text with its blank line. */
export function headOf(request: IncomingMessage): string {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2)
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

function number(url: URL, name: string, otherwise: number, max: number): number {
  const value = Number(url.searchParams.get(name) ?? otherwise)
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : otherwise
}

/** Only a chunked response can have trailers, and Node refuses to announce them in any other. */
function chunked(request: IncomingMessage): boolean {
  return request.httpVersionMinor > 0 && request.method !== 'HEAD'
}

function writeLines(response: ServerResponse, { lines, ms }: { lines: number; ms: number }): void {
  let timer: NodeJS.Timeout | undefined
  const write = (line: number) => {
    if (line <= lines) {
      response.write(`line ${line} of ${lines}\n`)
      timer = setTimeout(() => write(line + 1), line < lines ? ms : 0)
    } else {
      response.addTrailers({ 'Stream-Lines': String(lines) })
      response.end()
    }
  }
  response.once('close', () => clearTimeout(timer))
  write(1)
}

function writeBytes(response: ServerResponse, left: number): void {
  if (left === 0) {
    response.end()
    return
  }
  const block = BLOCK.subarray(0, Math.min(left, BLOCK.length))
  // The next block waits until the kernel has taken this one: no more memory than one block is ever used.
  response.write(block, error => error ?? writeBytes(response, left - block.length))
}
