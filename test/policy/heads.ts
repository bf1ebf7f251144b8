import { ConnectionOptions } from '../../lib/policy/connection-options.js'
import type { RequestContext } from '../../lib/policy/request-context.js'
import type { ResponseContext } from '../../lib/policy/rewrite-response.js'
import { type WayBack, wayBack } from '../../lib/policy/way-back.js'
import { Lines } from '../../lib/wire/lines.js'
import { hashOf, idOfOctets } from '../../lib/wire/names.js'
import { RequestHead, readRequestHead } from '../../lib/wire/request-head.js'
import { ResponseHead, readResponseHead } from '../../lib/wire/response-head.js'
import { wordsOf } from '../../lib/wire/words.js'

// Heads for the tests of policy, made from lines of text without the readers: only policy is tested here.

/** The lines of a head as text with CRLF and the empty line. */
export const crlf = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** The offsets of every field line of a clean head (`start` true) or trailer section. */
export function linesOf(text: string, start: boolean): Lines {
  const lines = new Lines()
  lines.hold(Buffer.from(text, 'latin1'), 0, text.length)
  lines.fieldsAt = start ? text.indexOf('\r\n') + 2 : 0
  for (let from = lines.fieldsAt; from < text.length - 2; ) {
    const end = text.indexOf('\r\n', from)
    const colon = text.indexOf(':', from)
    const raw = text.slice(colon + 1, end)
    const valueFrom = colon + 1 + raw.search(/[^ \t]|$/)
    const valueTo = Math.max(valueFrom, end - (/[ \t]*$/.exec(raw)?.[0].length ?? 0))
    const name = text.slice(from, colon)
    const hash = hashOf(name)
    lines.add(
      from,
      colon,
      valueFrom,
      valueTo,
      end + 2,
      hash,
      idOfOctets(wordsOf(Buffer.from(name, 'latin1')), 0, name.length, hash),
    )
    from = end + 2
  }
  return lines
}

export const fieldLines = (...fields: string[]): Lines => linesOf(crlf('GET / HTTP/1.1', ...fields), true)

/** A request head and its Connection options, from its lines. */
export function request(...text: string[]): { head: RequestHead; options: ConnectionOptions } {
  const head = new RequestHead()
  const lines = linesOf(crlf(...text), true)
  const [start = ''] = text
  const minor = start.endsWith('HTTP/1.0') ? 0 : 1
  readRequestHead(head, lines, start.indexOf(' '), start.lastIndexOf(' '), minor)
  return { head, options: optionsOf(lines, 400) }
}

/** A response head and its Connection options, from its lines. */
export function response(method: string, ...text: string[]): { head: ResponseHead; options: ConnectionOptions } {
  const head = new ResponseHead()
  const lines = linesOf(crlf(...text), true)
  const [start = ''] = text
  const to = method === 'HEAD' || method === 'CONNECT' ? method : 'other'
  readResponseHead(head, lines, to, Number(start.slice(9, 12)), start.startsWith('HTTP/1.0') ? 0 : 1)
  return { head, options: optionsOf(lines, 502) }
}

export function optionsOf(lines: Lines, status: 400 | 502 = 400): ConnectionOptions {
  const options = new ConnectionOptions()
  options.read(lines, status)
  return options
}

/** A gateway, an untrusted client, everything else as by default. */
export const GATEWAY: RequestContext = {
  mode: 'reverse',
  keepFields: null,
  via: 'edge-7',
  viaRequest: true,
  authority: 'a.example',
  target: '/',
  clientAddress: '192.0.2.1',
  clientPort: 0,
  scheme: 'http',
  trustedPeer: false,
  xForwarded: true,
  forwarded: false,
  more: null,
  prefix: '',
  certificate: null,
  about: null,
  generation: 0,
  edits: null,
  requestId: '',
  upgrades: new Set(['websocket']),
  nominatedEndToEnd: 'remove',
  framing: 'none',
}

/** The same, adding nothing: the rest is what was kept. */
export const QUIET: RequestContext = { ...GATEWAY, viaRequest: false, xForwarded: false }

export const TO_CLIENT: ResponseContext = {
  clientMinor: 1,
  method: 'GET',
  framing: 'length',
  via: '',
  now: () => 'Sun, 06 Nov 1994 08:49:37 GMT',
  persist: '',
  keepAlive: '',
  upgrade: '',
  trailers: false,
  edits: null,
  way: null,
  requestId: '',
  extra: '',
}

/** The way of `https://app.example/api/a/b` to `http://up.example:3000/v1/a/b`. */
export const WAY: WayBack = wayBack(
  { locations: true, cookies: true },
  {
    outer: '/api',
    inner: '/v1',
    asked: '/api/a/b',
    sent: '/v1/a/b',
    upstream: { scheme: 'http', authorities: ['up.example:3000', '[::1]:3000'] },
    client: { scheme: 'https', authority: 'app.example' },
  },
)

/** What a call throws; an error if it throws nothing. */
export function caught(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
