import type { BytesSeen, SeenField, SeenHead } from '../events.js'
import type { Marked } from './lanes.js'
import { type Style, visibleOctets } from './paint.js'
import { cut } from './width.js'
import type { Phrases } from './words.js'

/** How bytes are shown: the label of an arrow, and lines under it. */
export interface Shown {
  readonly label: string
  readonly style: Style
  readonly under: readonly Marked[]
}

const FIELDS_MAX = 7
const EXCERPT_LETTERS = 40
/** The most columns of one field: a few lines. */
const FIELD_COLUMNS_MAX = 160
/** Fields that teach nothing here. */
const PLAIN_FIELDS = /^(host|date|user-agent|accept|accept-.*|server|content-type|cache-control|last-modified|etag)$/i

const SIGNS: Readonly<Record<SeenField['verdict'], readonly [sign: string, style: Style]>> = {
  keep: [' ', 'faint'],
  drop: ['-', 'drop'],
  replace: ['~', 'replace'],
  reject: ['!', 'reject'],
  add: ['+', 'add'],
}

/** One for each head, or one for bytes without a head. */
export function shownBytes({ size, text, heads = [] }: BytesSeen, say: Phrases): Shown[] {
  if (heads.length === 0) return [{ label: excerpt(size, text), style: 'strong', under: [] }]
  return heads.map((head, i) => shownHead(head, (heads[i + 1]?.from ?? size) - head.to, say))
}

function shownHead({ startLine, fields }: SeenHead, content: number, { content: ofContent }: Phrases): Shown {
  const told = fields.filter(({ name, verdict }) => verdict !== 'keep' || !PLAIN_FIELDS.test(name))
  const under: Marked[] = told.slice(0, FIELDS_MAX).map(({ name, value, verdict }) => {
    const [sign, style] = SIGNS[verdict]
    return { sign, text: visibleOctets(cut(`${name}: ${value}`, FIELD_COLUMNS_MAX)), style }
  })
  const faint = (text: string): Marked => ({ sign: ' ', text, style: 'faint' })
  if (told.length > under.length) under.push(faint(`… +${told.length - under.length}`))
  // Only if the head does not announce this size.
  const announced = fields.find(({ name }) => name.toLowerCase() === 'content-length')?.value
  if (content > 0 && announced !== String(content)) under.push(faint(ofContent(octets(content))))
  return { label: visibleOctets(startLine), style: 'strong', under }
}

/** Several pieces of one content as one arrow. */
export function shownPieces(pieces: readonly BytesSeen[], { pieces: counted }: Phrases): Shown {
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
  return { label: `${octets(size)}, ${counted(pieces.length)}`, style: 'strong', under: [] }
}

function excerpt(size: number, text: string): string {
  const [line = ''] = text.slice(0, EXCERPT_LETTERS).split(/(?<=\n)/)
  const isText = /^[\x20-\x7e\r\n\t]*$/.test(line)
  return `${octets(size)} ${isText ? JSON.stringify(line.trimEnd()) : visibleOctets(line)}`.trimEnd()
}

/** `155 B`, `1,048,576 B` */
function octets(size: number): string {
  return `${size.toLocaleString('en-US')} B`
}
