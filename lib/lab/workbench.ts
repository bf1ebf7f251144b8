import { z } from 'zod'
import { isToken } from '../wire/octets.js'
import { WrongValue } from './experiment.js'
import { type Said, said } from './said.js'

// The setup that a learner puts together on the workbench: a client, up to three proxies, an origin. All of them are parties of
// one run and talk only to each other, whatever the message says.

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const
export const HOPS = ['dumb', 'smart', 'stock', 'hopwise'] as const

/** Bounds of a description. Bytes are counted as they are sent. */
export const WORKBENCH_LIMITS = {
  pathOctets: 200,
  fields: 20,
  nameOctets: 64,
  valueOctets: 256,
  /** A recording shows whole heads, with room for what proxies add. */
  headOctets: 1_536,
  contentOctets: 4_096,
  requests: 4,
  hops: 3,
  timeoutS: 10,
  max: 10,
  delayMs: 5_000,
  originBytes: 65_536,
} as const

const LIMITS = WORKBENCH_LIMITS
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e]*$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const text = (octetsMax: number, right: (value: string) => boolean, why: Said) =>
  z.string().max(octetsMax).refine(right, { params: { why } })

const field = z.strictObject({
  name: text(
    LIMITS.nameOctets,
    isToken,
    said('a field name is a token (RFC 9110 5.6.2)', '헤더 이름은 토큰이어야 한다(RFC 9110 5.6.2)'),
  ),
  value: text(
    LIMITS.valueOctets,
    value => FIELD_VALUE.test(value),
    said(
      'a value has no line ends, no control characters, and only characters of ISO 8859-1',
      '값에는 줄바꿈, 제어 문자, ISO 8859-1에 없는 글자를 쓸 수 없다',
    ),
  ),
})

const hop = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dumb') }),
  z.strictObject({
    kind: z.literal('smart'),
    /** Seconds that it keeps an idle client; 0: for ever. */
    idleS: z.int().min(0).max(LIMITS.timeoutS).default(0),
  }),
  z.strictObject({ kind: z.literal('stock'), upstreamKeepAlive: z.boolean().default(false) }),
  z.strictObject({
    kind: z.literal('hopwise'),
    via: z.enum(['off', 'request', 'both']).default('request'),
    xForwarded: z.boolean().default(false),
    nominatedEndToEnd: z.enum(['remove', 'reject']).default('remove'),
    announceKeepAlive: z.enum(['http10', 'always']).default('http10'),
  }),
])

const origin = z.strictObject({
  version: z.enum(['1.0', '1.1']).default('1.1'),
  /** Seconds that a connection may be idle; 0: for ever. */
  timeoutS: z.int().min(0).max(LIMITS.timeoutS).default(3),
  /** Responses on one connection; 0: any number. */
  max: z.int().min(0).max(LIMITS.max).default(0),
  /** The time between a request and its response. */
  delayMs: z.int().min(0).max(LIMITS.delayMs).default(0),
  framing: z.enum(['length', 'chunked', 'close']).default('length'),
  contentBytes: z.int().min(0).max(LIMITS.originBytes).default(24),
  /** `keep`: as the standard says. `leave`: it closes without notice. */
  after: z.enum(['keep', 'close', 'leave', 'reset']).default('keep'),
  /** Only this many bytes of the content are sent. */
  stopAfter: z.int().min(0).max(LIMITS.originBytes).nullable().default(null),
  /** It sends `Keep-Alive: timeout=…, max=…` when it agrees to keep. */
  announce: z.boolean().default(true),
})

const workbench = z
  .strictObject({
    version: z.enum(['1.0', '1.1']).default('1.1'),
    method: z.enum(METHODS).default('GET'),
    path: text(
      LIMITS.pathOctets,
      path => ORIGIN_FORM.test(path),
      said(
        'a path begins with a slash and has no spaces, control characters or fragment (origin-form, RFC 9112 3.2.1)',
        '경로는 슬래시로 시작하고 공백, 제어 문자, 프래그먼트가 없어야 한다(origin-form, RFC 9112 3.2.1)',
      ),
    ).default('/'),
    fields: z
      .array(field)
      .max(LIMITS.fields)
      .default([{ name: 'Host', value: 'origin' }]),
    content: z
      .string()
      .refine(content => Buffer.byteLength(content) <= LIMITS.contentOctets, {
        params: {
          why: said(
            `content may have at most ${LIMITS.contentOctets} bytes`,
            `본문은 최대 ${LIMITS.contentOctets}바이트까지 쓸 수 있다`,
          ),
        },
      })
      .default(''),
    requests: z.int().min(1).max(LIMITS.requests).default(2),
    sending: z.enum(['in-turn', 'pipelined']).default('in-turn'),
    /** From the client to the origin. */
    chain: z.array(hop).max(LIMITS.hops).default([]),
    origin: origin.prefault({}),
  })
  .refine(description => headOf(description).length <= LIMITS.headOctets, {
    params: {
      why: said(
        `the head of the request may have at most ${LIMITS.headOctets} bytes`,
        `요청 헤더 전체는 최대 ${LIMITS.headOctets}바이트까지 쓸 수 있다`,
      ),
    },
  })

/** A complete, checked description. Plain data: a link carries it, and a thread is started with it. */
export type Workbench = z.output<typeof workbench>
export type Hop = Workbench['chain'][number]

/**
 * A description with all defaults filled in.
 * @throws WrongValue that says which part is wrong, and what would be right
 */
export function checkedWorkbench(given: unknown): Workbench {
  const { success, data, error } = workbench.safeParse(given)
  if (success) return data
  throw new WrongValue(reasonOf(error.issues[0]!))
}

/**
 * Head and content as the client sends them. Content gets a Content-Length unless a field frames it; with `chunked` it is sent in
 * chunks.
 */
export function requestOctets(description: Workbench): Buffer {
  const content = Buffer.from(description.content)
  const chunks = /^chunked$/i.test(lastOf(description, 'transfer-encoding') ?? '')
  const framed = chunks && content.length > 0 ? chunked(content) : content
  return Buffer.concat([Buffer.from(headOf(description), 'latin1'), framed])
}

interface HeadParts {
  readonly method: string
  readonly path: string
  readonly version: string
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  readonly content: string
}

function headOf(parts: HeadParts): string {
  const { method, path, version, fields, content } = parts
  const isFramed = ['content-length', 'transfer-encoding'].some(name => lastOf(parts, name) !== undefined)
  const length = content === '' || isFramed ? [] : [`Content-Length: ${Buffer.byteLength(content)}`]
  const lines = [...fields.map(({ name, value }) => `${name}: ${value}`), ...length]
  return `${[`${method} ${path} HTTP/${version}`, ...lines].join('\r\n')}\r\n\r\n`
}

function lastOf({ fields }: Pick<HeadParts, 'fields'>, lowerName: string): string | undefined {
  return fields.findLast(({ name }) => name.toLowerCase() === lowerName)?.value.trim()
}

function chunked(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n0\r\n\r\n')])
}

/** One sentence about the first thing that is wrong. */
function reasonOf(issue: z.core.$ZodIssue): Said {
  const { en, ko } = wrongIn(issue)
  const at = issue.path.map(String).join('.')
  return at === '' ? said(`${en}.`, `${ko}.`) : said(`${at}: ${en}.`, `${at}: ${ko}.`)
}

function wrongIn(issue: z.core.$ZodIssue): Said {
  switch (issue.code) {
    case 'custom':
      return issue.params?.why as Said
    case 'too_big':
      return said(`at most ${issue.maximum}`, `최댓값은 ${issue.maximum}이다`)
    case 'too_small':
      return said(`at least ${issue.minimum}`, `최솟값은 ${issue.minimum}이다`)
    case 'invalid_value':
      return said(`one of ${issue.values.join(', ')}`, `다음 중 하나여야 한다: ${issue.values.join(', ')}`)
    case 'unrecognized_keys':
      return said(`there is no ${short(issue.keys[0])} here`, `여기에 ${short(issue.keys[0])} 항목은 없다`)
    case 'invalid_union':
      return said(`one of ${HOPS.join(', ')}`, `다음 중 하나여야 한다: ${HOPS.join(', ')}`)
    case 'invalid_type':
      return said(`must be of type ${issue.expected}`, `${issue.expected} 값이어야 한다`)
    default:
      return said('the value is not valid', '이해할 수 없는 값이다')
  }
}

function short(key = ''): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key
}
