import type { Ledger, LedgerSide } from '../../admin/source.js'
import { explainOwn } from '../../policy/ledger.js'
import type { OutboundRequest } from '../../policy/rewrite-request.js'
import { prefixTaken } from '../../proxy/contexts.js'
import {
  type Explanation,
  explainRequestBytes,
  explainResponseBytes,
  type RequestFacts,
  type ResponseFacts,
} from '../../proxy/explain-head.js'
import type { ExchangeView } from '../../proxy/exchange-view.js'
import type { Settings } from '../../proxy/options/options.js'
import type { Route } from '../../proxy/options/route-options.js'
import { wayBackOf } from '../../proxy/way-back.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { RequestHead } from '../../wire/request-head.js'

/** The heads of one exchange, and what it takes to explain them: copied, since its connections go on to other exchanges. */
export interface KeptHeads {
  readonly settings: Settings
  readonly routed: Route | null
  /** As received. */
  readonly request: string
  /** What was sent, or was to be sent; null where none was made. */
  readonly outbound: OutboundRequest | null
  readonly wasSent: boolean
  /** It said that its connection would close. */
  readonly saidClose: boolean
  readonly client: Pick<RequestFacts, 'clientAddress' | 'clientPort' | 'scheme' | 'trustedPeer' | 'certificate'>
  readonly requestId: string
  /** As it was sent on; ''. */
  readonly trace: string
  /** The final head, or that of a 101; '' for none, or when nobody watched yet as it came. */
  readonly response: string
  /** An answer of our own, from its head on; ''. */
  readonly own: string
  readonly responseFacts: ResponseFacts
  readonly grammar: GrammarLimits
  readonly repairs: number
  /** Why there is no response of an upstream's; ''. */
  readonly failure: string
  /** Of an answer of our own; 0: none. */
  readonly ownStatus: number
}

/** null: its request has no head yet, or not any more. */
export function keptHeads(exchange: ExchangeView): KeptHeads | null {
  const { asked, answered, client, settings, pool, outbound, requestId, error } = exchange
  if (asked.text === '') return null
  const { peer } = client
  const answeredByUs = exchange.status !== 0 && (error !== null || exchange.answeredAt === 0)
  return {
    settings,
    routed: exchange.routed,
    request: asked.text,
    outbound,
    saidClose: exchange.tries.saidClose,
    wasSent: exchange.sentAt > 0,
    client: {
      clientAddress: peer.address,
      clientPort: peer.port,
      scheme: peer.scheme,
      trustedPeer: peer.trusted,
      certificate: peer.tls?.certificate ?? null,
    },
    requestId,
    trace: exchange.span?.lines ?? '',
    response: answered.text,
    own: answered.own,
    responseFacts: responseFacts(exchange),
    grammar: pool?.shared.grammar ?? settings.grammar,
    repairs: exchange.repairs,
    failure: error?.told(settings.door) ?? '',
    ownStatus: answeredByUs ? exchange.status : 0,
  }
}

function responseFacts(exchange: ExchangeView): ResponseFacts {
  const { asked, answered, client, settings, routed, outbound, requestId, stickyLine, status } = exchange
  const { clock } = settings
  const answeredMs = clock.wallMs() - (clock.now() - exchange.answeredAt)
  return {
    clientMinor: client.version === '1.0' ? 0 : 1,
    method: asked.method,
    framing: status === 101 ? 'none' : client.framing,
    verdict: answered.verdict,
    requests: client.peer.requests,
    upgrade: outbound?.upgrade ?? '',
    edits: routed?.responseEdits ?? null,
    way: wayBackOf(exchange),
    requestId,
    extra: stickyLine,
    now: () => new Date(answeredMs).toUTCString(),
  }
}

/** What became of each field. Nothing is redacted here: that is for whoever shows it. */
export function ledgerOf(exchange: string, kept: KeptHeads): Ledger {
  const response = kept.own !== '' ? ownSide(kept) : kept.response !== '' ? responseSide(kept) : null
  return { exchange, request: requestSide(kept), response }
}

/** Nobody sent it: all of it is ours. */
function ownSide({ own }: KeptHeads): LedgerSide {
  return { startLine: '', sentLine: own.slice(0, own.indexOf('\r\n')), rows: explainOwn(own), notes: [] }
}

function requestSide(kept: KeptHeads): LedgerSide | null {
  const { settings, routed, outbound, saidClose, wasSent, failure, ownStatus } = kept
  const explanation = explainRequestBytes(latin1(kept.request), settings, (head, { notes }) => {
    if (routed?.named) notes.push(`The route: ${routed.name}.`)
    return requestFacts(head, kept)
  })
  if (explanation === null) return null
  const { notes } = explanation
  if (outbound?.expectMet === true)
    notes.push('Expect was not sent on: the content was gathered first, and 100 (Continue) was said here.')
  if (failure !== '') notes.push(`What went wrong: ${failure}.`)
  if (ownStatus !== 0) notes.push(`The response is one of our own, with status ${ownStatus}.`)
  return sideOf(explanation, wasSent && outbound !== null ? outbound.text(saidClose) : '')
}

function requestFacts(head: RequestHead, kept: KeptHeads): RequestFacts {
  const { settings, routed, outbound, requestId, trace, client } = kept
  const sent = outbound ?? { authority: head.host, target: head.path, framing: head.framing, expectMet: false }
  const { authority, target, framing, expectMet } = sent
  return {
    ...client,
    goesOn: outbound !== null,
    closes: kept.saidClose,
    authority,
    target,
    edits: routed === null ? null : routed.requestEdits,
    prefix: prefixTaken(head.path, settings, routed),
    requestId,
    trace,
    expectMet,
    framing,
    gatheredLength: outbound?.gatheredLength ?? -1,
  }
}

function responseSide({ response, settings, responseFacts: facts, grammar, repairs }: KeptHeads): LedgerSide | null {
  const how = { grammar, strict: false, method: facts.method }
  const explanation = explainResponseBytes(latin1(response), settings, how, () => facts)
  if (explanation === null) return null
  // They are not in the text that was kept.
  if (repairs > 0) explanation.notes.push(`${repairs} fault(s) in the lines were repaired.`)
  return sideOf(explanation, explanation.outbound ?? '')
}

function sideOf({ startLine, rows, notes, refused }: Explanation, sent: string): LedgerSide {
  const more = refused === undefined ? [] : [`Refused: ${refused.message}.`]
  return { startLine, sentLine: sent.slice(0, Math.max(0, sent.indexOf('\r\n'))), rows, notes: [...notes, ...more] }
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
