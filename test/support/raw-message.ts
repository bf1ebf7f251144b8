import type { RawClient } from './raw-client.js'

/** A message as a test reads it from a raw connection: with a separate, naive reader that shares nothing with lib/wire. */
export interface RawMessage {
  /** The head, latin1, with its blank line. */
  head: string
  startLine: string
  /** 0 for a request. */
  status: number
  /** Name and value of each line, as received. */
  fields: [name: string, value: string][]
  /** The values of all lines of this name, in any case, joined by `, `; undefined when there is none. */
  field(name: string): string | undefined
  content: Buffer
  /** The trailer section, latin1, without its blank line. */
  trailers: string
  framing: 'none' | 'length' | 'chunked' | 'close'
}

export interface ReadOptions {
  /** The response to a HEAD: it has no content. */
  toHead?: boolean
  deadlineMs?: number
}

/** Reads one request or response (interim ones included). A response without a length is read until the end of the connection. */
export async function readMessage(
  from: RawClient,
  { toHead = false, deadlineMs }: ReadOptions = {},
): Promise<RawMessage> {
  const head = await from.readUntil('\r\n\r\n', deadlineMs)
  const [startLine = '', ...lines] = head.slice(0, -4).split('\r\n')
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const field = (name: string) => {
    const values = fields.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
    return values.length === 0 ? undefined : values.join(', ')
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(startLine)?.[1] ?? 0)
  const bodiless = toHead || (status > 0 && (status < 200 || status === 204 || status === 304))
  const message = { head, startLine, status, fields, field, content: Buffer.alloc(0) as Buffer, trailers: '' }
  if (bodiless) return { ...message, framing: 'none' }
  if (/chunked/i.test(field('Transfer-Encoding') ?? ''))
    return { ...message, ...(await readChunks(from, deadlineMs)), framing: 'chunked' }
  const length = field('Content-Length')
  if (length !== undefined)
    return { ...message, content: await from.readBytes(Number(length), deadlineMs), framing: 'length' }
  if (status === 0) return { ...message, framing: 'none' }
  return { ...message, content: (await from.readToEnd(deadlineMs)).bytes, framing: 'close' }
}

async function readChunks(
  from: RawClient,
  deadlineMs: number | undefined,
): Promise<{ content: Buffer; trailers: string }> {
  const chunks: Buffer[] = []
  for (;;) {
    const size = Number.parseInt(await from.readUntil('\r\n', deadlineMs), 16)
    if (Number.isNaN(size)) throw new Error('a chunk without a size')
    if (size === 0) break
    chunks.push(await from.readBytes(size, deadlineMs))
    const end = await from.readBytes(2, deadlineMs)
    if (String(end) !== '\r\n') throw new Error('a chunk without its CRLF')
  }
  let trailers = ''
  for (;;) {
    const line = await from.readUntil('\r\n', deadlineMs)
    if (line === '\r\n') return { content: Buffer.concat(chunks), trailers }
    trailers += line
  }
}
