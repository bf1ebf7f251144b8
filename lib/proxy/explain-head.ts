import type { CloseReason } from '../policy/close-reason.js'
import { ConnectionOptions } from '../policy/connection-options.js'
import type { Withheld } from '../policy/interim.js'
import { explainConnect, explainRequest, explainResponse, type LedgerRow } from '../policy/ledger.js'
import { asksForLogin, logsIn } from '../policy/login.js'
import { keepAliveValue, persistOption } from '../policy/persistence.js'
import type { RequestContext } from '../policy/request-context.js'
import { rewriteRequest } from '../policy/rewrite-request.js'
import { type ResponseContext, rewriteResponse } from '../policy/rewrite-response.js'
import type { GrammarLimits } from '../wire/limits.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import { RequestReader } from '../wire/request-reader.js'
import type { ResponseHead } from '../wire/response-head.js'
import { ResponseReader } from '../wire/response-reader.js'
import type { Settings } from './options/settings.js'
import { authorizationFor } from './parent.js'

// Explains what happens to a head, field by field: for `hopwise explain`, where the rest of the exchange is assumed, and for the
// live page, where it is known.

export interface Explanation {
  /** '' when it could not be read. */
  startLine: string
  rows: LedgerRow[]
  /** The head that is forwarded, latin1; undefined if none is. */
  outbound: string | undefined
  refused?: { status: number; message: string; section: string; offset?: number }
  /** Sentences about the input and about what a table of fields cannot show. */
  notes: string[]
}

/** For both directions. */
const LOGIN =
  'NTLM and Negotiate authenticate the connection: the upstream connection serves this client connection only, and ends with it (RFC 4559 6).'

/** What cannot be known from the request head and the settings. */
export type RequestFacts = Pick<
  RequestContext,
  | 'authority'
  | 'target'
  | 'clientAddress'
  | 'clientPort'
  | 'scheme'
  | 'trustedPeer'
  | 'edits'
  | 'prefix'
  | 'certificate'
  | 'requestId'
  | 'trace'
  | 'framing'
  | 'gatheredLength'
  | 'expectMet'
> & {
  /** False: the request is answered here, or refused. */
  readonly goesOn: boolean
  /** It is sent as the last request on its upstream connection, and says so (RFC 9112 9.6). */
  readonly closes: boolean
  /** For a CONNECT: the CONNECT that was sent to the parent proxy; '' for none. */
  readonly connect: string
}

/** The same for a response. */
export type ResponseFacts = Pick<
  ResponseContext,
  'clientMinor' | 'method' | 'framing' | 'upgrade' | 'edits' | 'way' | 'requestId' | 'extra' | 'now'
> & {
  /** Whether the client's connection is kept, and how many requests it has carried, including this one. */
  readonly verdict: 'keep' | CloseReason
  readonly requests: number
  /** Why the client does not receive it; null: it does. */
  readonly withheld: Withheld | null
}

/**
 * Explains the request head at the beginning of `bytes`.
 * @param factsOf gets the head; it may add notes, and say that the request is refused
 * @returns null: the head is not complete
 */
export function explainRequestBytes(
  bytes: Buffer,
  settings: Settings,
  factsOf: (head: RequestHead, into: Explanation) => RequestFacts,
): Explanation | null {
  const reader = new RequestReader(settings.grammar)
  return explainWith(found =>
    reader.consume(bytes, 0, bytes.length, {
      onRequestHead: head => found(into => requestInto(into, head, settings, factsOf)),
      onRequestContent() {},
      onRequestEnd() {},
    }),
  )
}

/** The same for a response head, which may be an interim one. `how`: how the reader is set up, and the request method. */
export function explainResponseBytes(
  bytes: Buffer,
  settings: Settings,
  how: { readonly grammar: GrammarLimits; readonly strict: boolean; readonly method: string },
  factsOf: (head: ResponseHead) => ResponseFacts,
): Explanation | null {
  const reader = new ResponseReader(how.grammar, how.strict)
  reader.expect(how.method)
  return explainWith(found =>
    reader.consume(bytes, 0, bytes.length, {
      onResponseHead: head => found(into => responseInto(into, head, settings, factsOf(head))),
      onResponseContent() {},
      onResponseEnd() {},
    }),
  )
}

/** Thrown by the sinks through the reader, to stop it after the head. */
class HeadRead extends Error {}

function explainWith(read: (found: (explain: (into: Explanation) => void) => never) => unknown): Explanation | null {
  const explanation: Explanation = { startLine: '', rows: [], outbound: undefined, notes: [] }
  try {
    read(explain => {
      explain(explanation)
      throw new HeadRead()
    })
    return null
  } catch (error) {
    if (error instanceof ProtocolError) explanation.refused = refusal(error)
    else if (!(error instanceof HeadRead)) throw error
    return explanation
  }
}

function requestInto(
  into: Explanation,
  head: RequestHead,
  settings: Settings,
  factsOf: (head: RequestHead, into: Explanation) => RequestFacts,
): void {
  into.startLine = startLineOf(head.lines.text)
  const options = new ConnectionOptions()
  options.read(head.lines, 400)
  const { goesOn, closes, connect, ...facts } = factsOf(head, into)
  if (head.targetForm === 'authority') {
    into.rows = explainConnect(head.lines, connect)
    if (connect !== '') into.outbound = connect
    return
  }
  const context: RequestContext = {
    ...facts,
    mode: settings.mode,
    keepFields: settings.keepFields,
    via: settings.name,
    viaRequest: settings.viaRequest,
    xForwarded: settings.xForwarded,
    forwarded: settings.forwarded,
    more: settings.clientFields,
    about: null,
    generation: 0,
    upgrades: settings.upgrades,
    proxyAuthorization: settings.parent === null ? '' : authorizationFor(settings.parent),
    nominatedEndToEnd: settings.nominatedEndToEnd,
  }
  const rows = explainRequest(head, options, context, closes)
  into.rows = goesOn ? rows : rows.filter(({ verdict }) => verdict !== 'add')
  if (goesOn) sentInto(into, head, options, context, closes)
}

function sentInto(
  into: Explanation,
  head: RequestHead,
  options: ConnectionOptions,
  context: RequestContext,
  closes: boolean,
): void {
  const { method, target, path } = head
  const outbound = rewriteRequest(head, options, context)
  into.outbound = outbound.text(closes)
  if (outbound.refusedUpgrade !== '')
    into.notes.push(`The upgrade to ${outbound.refusedUpgrade} is not passed on: the request goes on as ordinary HTTP.`)
  if (outbound.nominated > 0)
    into.notes.push(
      `${outbound.nominated} end-to-end field(s) removed, because Connection names them (RFC 9110 7.6.1).`,
    )
  if (options.close)
    into.notes.push(`The client asked to close after this exchange; the upstream's connection may stay open.`)
  if (target !== context.target)
    into.notes.push(
      `The request-target ${target} becomes ${context.target} (${context.target === path ? 'RFC 9112 3.2.1' : 'the route'}).`,
    )
  if (logsIn(head.lines)) into.notes.push(LOGIN)
  if (outbound.expectContinue) into.notes.push('The client waits for 100 (Continue) before it sends its content.')
  if (method === 'HEAD') into.notes.push('The response will have no content, whatever its fields say (RFC 9112 6.3).')
}

function responseInto(
  into: Explanation,
  head: ResponseHead,
  settings: Settings,
  { verdict, requests, withheld, ...facts }: ResponseFacts,
): void {
  const { lines } = head
  const { limits, deadlines } = settings
  const { clientMinor, framing } = facts
  into.startLine = startLineOf(lines.text)
  const options = new ConnectionOptions()
  options.read(lines, 502)
  const context: ResponseContext = {
    ...facts,
    via: settings.viaResponse ? settings.name : '',
    persist: persistOption(verdict, clientMinor, settings.keepAliveAlways ? 'always' : 'http10'),
    keepAlive: keepAliveValue(
      clientMinor === 0 ? deadlines.clientIdleHttp10Ms : deadlines.clientIdleMs,
      limits.clientRequestsMax === 0 ? Number.POSITIVE_INFINITY : limits.clientRequestsMax - requests,
    ),
    trailers: framing === 'chunked',
  }
  const rows = explainResponse(head, options, context)
  into.rows = withheld === null ? rows : rows.filter(({ verdict }) => verdict !== 'add')
  if (withheld === null) into.outbound = rewriteResponse(head, options, context)
  else into.notes.push(`The client does not receive it: ${WITHHELD[withheld]}.`)
  if (asksForLogin(lines, settings.parent !== null)) into.notes.push(LOGIN)
  if (lines.repairs > 0)
    into.notes.push(`${lines.repairs} fault(s) in the lines were repaired (see --strict-upstream).`)
  if (head.lengthDropped)
    into.notes.push('Content-Length is ignored and removed, because Transfer-Encoding overrides it (RFC 9112 6.3).')
  if (head.framing === 'close' && framing === 'chunked')
    into.notes.push('The content ends when the upstream closes; the client gets it chunked (RFC 9112 6.3).')
  if (head.lastOnConnection) into.notes.push("The upstream's connection is not used again after this response.")
  if (verdict !== 'keep') into.notes.push(`The client's connection closes after this response: ${verdict}.`)
}

const WITHHELD = {
  http10: 'interim responses are not for HTTP/1.0 clients (RFC 9110 15.2)',
  continued: 'it has already been told to continue (RFC 9110 10.1.1)',
  off: 'only 100 is passed on here (see --interim)',
} as const satisfies Record<Withheld, string>

function startLineOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n'))
}

function refusal({ status, message, section, offset }: ProtocolError): NonNullable<Explanation['refused']> {
  return offset < 0 ? { status, message, section } : { status, message, section, offset }
}
