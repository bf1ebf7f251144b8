import { ConnectionOptions } from '../policy/connection-options.js'
import { explainRequest, explainResponse, type LedgerRow } from '../policy/ledger.js'
import { judgeClient, keepAliveValue, persistOption } from '../policy/persistence.js'
import { rewriteRequest } from '../policy/rewrite-request.js'
import { rewriteResponse } from '../policy/rewrite-response.js'
import type { Settings } from '../proxy/options.js'
import { ownAnswer } from '../proxy/own-answer.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import { RequestReader } from '../wire/request-reader.js'
import type { ResponseHead } from '../wire/response-head.js'
import { ResponseReader } from '../wire/response-reader.js'
import { UsageError } from './usage-error.js'

/** Everything that a head alone does not tell. */
export interface Scene {
  settings: Settings
  /** As from a peer inside `trust`. */
  trusted: boolean
  clientAddress: string
  /** Of the request that a response answers. */
  method: string
  clientMinor: 0 | 1
}

export interface Explanation {
  /** '' when it could not be read. */
  startLine: string
  rows: LedgerRow[]
  /** What is sent on, latin1; undefined when nothing is. */
  outbound: string | undefined
  refused?: { status: number; message: string; section: string; offset?: number }
  /** Sentences about the input and about what does not stand in a table of fields. */
  notes: string[]
}

/** What becomes of a request head. Reads the first one in `bytes`. */
export function explainRequestHead(bytes: Buffer, scene: Scene): Explanation {
  const reader = new RequestReader(scene.settings.grammar)
  return explainWith(bytes, (piece, found) =>
    reader.consume(piece, 0, piece.length, {
      onRequestHead: head => found(into => requestInto(into, head, scene)),
      onRequestContent() {},
      onRequestEnd() {},
    }),
  )
}

/** What becomes of a response head. Reads the first one in `bytes`, which may be an interim one. */
export function explainResponseHead(bytes: Buffer, scene: Scene): Explanation {
  const reader = new ResponseReader(scene.settings.grammar, scene.settings.strictUpstream)
  reader.expect(scene.method)
  return explainWith(bytes, (piece, found) =>
    reader.consume(piece, 0, piece.length, {
      onResponseHead: head => found(into => responseInto(into, head, scene)),
      onResponseContent() {},
      onResponseEnd() {},
    }),
  )
}

/** Thrown by the sinks, through the reader: the head is all that is wanted. */
class HeadRead extends Error {}

function explainWith(
  bytes: Buffer,
  read: (piece: Buffer, found: (explain: (into: Explanation) => void) => never) => unknown,
): Explanation {
  const explanation: Explanation = { startLine: '', rows: [], outbound: undefined, notes: [] }
  const found = (explain: (into: Explanation) => void): never => {
    explain(explanation)
    throw new HeadRead()
  }
  try {
    read(typed(bytes, explanation.notes), found)
    if (/^[\r\n]*$/.test(bytes.toString('latin1', 0, 16)))
      throw new UsageError('There is no head to explain: the input is empty.')
    explanation.notes.push('No empty line ends the head: one was added.')
    read(Buffer.from(bytes.at(-1) === 0x0a ? '\r\n' : '\r\n\r\n'), found)
  } catch (error) {
    if (error instanceof ProtocolError) explanation.refused = refusal(error)
    else if (!(error instanceof HeadRead)) throw error
  }
  return explanation
}

/** What people type has lone LFs. Only where there is no CRLF at all: a single lone LF is a finding, not a habit. */
function typed(bytes: Buffer, notes: string[]): Buffer {
  if (bytes.includes('\r\n') || !bytes.includes('\n')) return bytes
  notes.push('The lines ended with LF alone, as typed lines do: they were read as if they ended with CRLF.')
  return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
}

function requestInto(into: Explanation, head: RequestHead, { settings, trusted, clientAddress }: Scene): void {
  const { lines, method, target } = head
  const { mode, origin, hostPreserved, name } = settings
  into.startLine = startLineOf(lines.text)
  const options = new ConnectionOptions()
  options.read(lines, 400)
  const preserved = (mode === 'forward' || hostPreserved) && head.host !== ''
  const context = {
    mode,
    via: name,
    viaRequest: settings.viaRequest,
    authority: preserved || !origin ? head.host : origin.authority,
    target: head.path,
    clientAddress,
    clientPort: 0,
    scheme: 'http' as const,
    trustedPeer: trusted,
    xForwarded: settings.xForwarded,
    about: null,
    forwarded: settings.forwarded,
    upgrades: settings.upgrades,
    passTrailers: true,
    nominatedEndToEnd: settings.nominatedEndToEnd,
    framing: head.framing,
  }
  into.rows = explainRequest(head, options, context)
  if (staysHere(into, head, settings)) {
    into.rows = into.rows.filter(({ verdict }) => verdict !== 'add')
    return
  }
  const outbound = rewriteRequest(head, options, context)
  into.outbound = outbound.text
  if (outbound.refusedUpgrade !== '')
    into.notes.push(`The upgrade to ${outbound.refusedUpgrade} is not passed on: the request goes on as ordinary HTTP.`)
  if (outbound.nominated > 0)
    into.notes.push(
      `${outbound.nominated} end-to-end field(s) removed, because Connection names them (RFC 9110 7.6.1).`,
    )
  if (options.close)
    into.notes.push(`The client asked to close after this exchange; the upstream's connection may stay.`)
  if (target !== head.path) into.notes.push(`The request-target ${target} becomes ${head.path} (RFC 9112 3.2.1).`)
  if (outbound.expectContinue) into.notes.push('The client waits for 100 (Continue) before it sends its content.')
  if (method === 'HEAD') into.notes.push('The response will have no content, whatever its fields say (RFC 9112 6.3).')
}

/** Requests that are answered here, or open a tunnel: nothing is sent on. */
function staysHere(into: Explanation, head: RequestHead, settings: Settings): boolean {
  const { method, target, targetForm } = head
  const answer = ownAnswer(head, settings)
  if (answer?.kind === 'problem')
    into.refused = { status: answer.status, message: `${answer.what}. ${answer.todo}`, section: '' }
  else if (answer) into.notes.push(`${method} is answered here, nothing travels on (RFC 9110 7.6.2).`)
  else if (targetForm === 'authority')
    into.notes.push(`CONNECT opens a tunnel to ${target}: no head travels on (RFC 9110 9.3.6).`)
  else return false
  return true
}

function responseInto(into: Explanation, head: ResponseHead, { settings, method, clientMinor }: Scene): void {
  const { lines, status } = head
  const { limits, deadlines } = settings
  into.startLine = startLineOf(lines.text)
  const options = new ConnectionOptions()
  options.read(lines, 502)
  const unframed = head.framing === 'chunked' || head.framing === 'close'
  const framing = unframed ? (clientMinor === 1 ? 'chunked' : 'close') : head.framing
  const verdict = judgeClient({
    mode: settings.mode,
    forwardHttp10KeepAlive: settings.keepsHttp10,
    minor: clientMinor,
    close: false,
    keepAlive: true,
    framing,
    contentRead: true,
    connectRefused: method === 'CONNECT' && status >= 300,
    requests: 1,
    requestsMax: limits.clientRequestsMax || Number.POSITIVE_INFINITY,
    draining: false,
  })
  const context = {
    clientMinor,
    method,
    framing,
    via: settings.viaResponse ? settings.name : '',
    now: () => new Date().toUTCString(),
    persist: persistOption(verdict, clientMinor, settings.keepAliveAlways ? 'always' : 'http10'),
    keepAlive: keepAliveValue(
      clientMinor === 0 ? deadlines.clientIdleHttp10Ms : deadlines.clientIdleMs,
      limits.clientRequestsMax - 1,
    ),
    // As if everything that is allowed had been offered.
    upgrade: [...settings.upgrades].join(', '),
    trailers: framing === 'chunked',
  } as const
  into.rows = explainResponse(head, options, context)
  const outbound = rewriteResponse(head, options, context)
  if (outbound === '' || (status < 200 && status !== 101 && !settings.interim))
    into.notes.push('An interim response that this client does not get.')
  else into.outbound = outbound
  if (lines.repairs > 0)
    into.notes.push(`${lines.repairs} fault(s) in the lines were repaired (see --strict-upstream).`)
  if (head.lengthDropped) into.notes.push('Content-Length stood beside Transfer-Encoding: void (RFC 9112 6.3).')
  if (head.framing === 'close' && framing === 'chunked')
    into.notes.push('The content ends when the upstream closes; the client gets it chunked (RFC 9112 6.3).')
  if (head.lastOnConnection) into.notes.push("The upstream's connection is not used again after this response.")
  if (verdict !== 'keep') into.notes.push(`The client's connection closes after this response: ${verdict}.`)
}

function startLineOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n'))
}

function refusal({ status, message, section, offset }: ProtocolError): NonNullable<Explanation['refused']> {
  return offset < 0 ? { status, message, section } : { status, message, section, offset }
}
