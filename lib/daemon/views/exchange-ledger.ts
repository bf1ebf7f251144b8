import type { Ledger, LedgerSide, LedgerTrailers } from '../../admin/source.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import type { FieldEdits } from '../../policy/field-edits.js'
import { explainOwn, explainTrailers, type LedgerRow } from '../../policy/ledger.js'
import type { OutboundRequest } from '../../policy/rewrite-request.js'
import { prefixTaken } from '../../proxy/contexts.js'
import type { ExchangeView } from '../../proxy/exchange-view.js'
import {
  type Explanation,
  explainRequestBytes,
  explainResponseBytes,
  type RequestFacts,
  type ResponseFacts,
} from '../../proxy/explain-head.js'
import { type KeptInterim, KeptTexts } from '../../proxy/kept-texts.js'
import type { Route } from '../../proxy/options/route-options.js'
import type { Settings } from '../../proxy/options/settings.js'
import { wayBackOf } from '../../proxy/way-back.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { RequestHead } from '../../wire/request-head.js'
import { readTrailersAgain } from '../../wire/section-reader.js'

/**
 * The heads and trailer sections of one exchange, and what is needed to explain them: its connections move on to other
 * exchanges.
 */
export interface KeptHeads {
  readonly settings: Settings
  readonly routed: Route | null
  /** As received; '' for one that could not be read. */
  readonly request: string
  /** The request that was sent last, or was to be sent; null where none was made. */
  readonly outbound: OutboundRequest | null
  readonly wasSent: boolean
  /** It announced that its connection would close. */
  readonly saidClose: boolean
  readonly client: Pick<RequestFacts, 'clientAddress' | 'clientPort' | 'scheme' | 'trustedPeer' | 'certificate'>
  readonly requestId: string
  /** The trace fields as they were sent on, or ''. */
  readonly trace: string
  /** What was received while a live page was open. */
  readonly texts: KeptTexts
  readonly trailers: {
    /** The fields that the Connection of each head names. */
    readonly requestNames: ConnectionOptions
    readonly responseNames: ConnectionOptions
    /** The content is forwarded in chunks. */
    readonly requestChunked: boolean
    readonly responseChunked: boolean
  }
  /** Of the final response. */
  readonly responseFacts: ResponseFacts
  readonly grammar: GrammarLimits
  /** Why there is no response from an upstream, or ''. */
  readonly failure: string
  readonly status: number
}

const NO_TEXTS = new KeptTexts()

/** null: the head of its request is not there yet, or no longer. */
export function keptHeads(exchange: ExchangeView): KeptHeads | null {
  const { asked, answered, client, settings, pool, requestId, error, texts } = exchange
  if (asked.text === '' && (texts === null || texts.own === '')) return null
  const { peer } = client
  return {
    settings,
    routed: exchange.routed,
    request: asked.text,
    outbound: asked.sentAs ?? exchange.outbound,
    wasSent: asked.sentAs !== null,
    saidClose: exchange.tries.saidClose,
    client: {
      clientAddress: peer.address,
      clientPort: peer.port,
      scheme: peer.scheme,
      trustedPeer: peer.trusted,
      certificate: peer.tls?.certificate ?? null,
    },
    requestId,
    trace: exchange.span?.lines ?? '',
    texts: texts ?? NO_TEXTS,
    trailers: {
      requestNames: asked.names,
      responseNames: answered.names,
      requestChunked: exchange.outbound?.framing === 'chunked',
      responseChunked: client.framing === 'chunked',
    },
    responseFacts: responseFacts(exchange, texts ?? NO_TEXTS),
    grammar: pool?.shared.grammar ?? settings.grammar,
    failure: error?.told(settings.door) ?? '',
    status: exchange.status,
  }
}

function responseFacts(exchange: ExchangeView, { verdict, date }: KeptTexts): ResponseFacts {
  const { asked, client, routed, outbound, requestId, tries, status } = exchange
  return {
    clientMinor: client.version === '1.0' ? 0 : 1,
    method: asked.method,
    framing: status === 101 ? 'none' : client.framing,
    verdict,
    requests: client.peer.requests,
    upgrade: outbound?.upgrade ?? '',
    edits: routed?.responseEdits ?? null,
    way: wayBackOf(exchange),
    requestId,
    extra: tries.choice?.stickyLine ?? '',
    now: () => date,
    withheld: null,
  }
}

/** What became of each field. Nothing is redacted here: the code that shows it must do so. */
export function ledgerOf(exchange: string, kept: KeptHeads): Ledger {
  const { texts, trailers, routed } = kept
  const { requestNames, requestChunked, responseNames, responseChunked } = trailers
  const { requestTrailers: asked, responseTrailers: answered, endSent } = texts
  return {
    exchange,
    request: requestSide(kept),
    requestTrailers: trailersOf(asked, requestNames, routed?.requestEdits ?? null, requestChunked, endSent),
    interim: texts.interim.flatMap(one => interimSide(one, kept) ?? []),
    interimMore: texts.interimMore,
    response: texts.own !== '' ? ownSide(kept) : texts.response !== '' ? responseSide(kept) : null,
    responseTrailers: trailersOf(answered, responseNames, routed?.responseEdits ?? null, responseChunked, true),
  }
}

// The request ------------------------------------------------------------------------------------------------------------

function requestSide(kept: KeptHeads): LedgerSide | null {
  const { settings, routed, outbound, saidClose, wasSent, texts } = kept
  const explanation = explainRequestBytes(latin1(kept.request), settings, (head, { notes }) => {
    if (routed?.named) notes.push(`The route: ${routed.name}.`)
    return requestFacts(head, kept)
  })
  if (explanation === null) return null
  const { notes } = explanation
  if (outbound?.expectMet === true)
    notes.push('Expect was not forwarded: the content was collected first, and hopwise sent 100 (Continue) itself.')
  notes.push(...endNotes(kept))
  return sideOf(explanation, wasSent && outbound !== null ? outbound.text(saidClose) : texts.connect)
}

/** Why hopwise answered itself, or there was no answer. */
function endNotes({ failure, texts, status }: KeptHeads): string[] {
  const notes: string[] = []
  if (failure !== '') notes.push(`What went wrong: ${failure}.`)
  if (texts.own !== '') notes.push(`hopwise answered itself, with status ${status}.`)
  return notes
}

function requestFacts(head: RequestHead, kept: KeptHeads): RequestFacts {
  const { settings, routed, outbound, requestId, trace, client } = kept
  const sent = outbound ?? { authority: head.host, target: head.path, framing: head.framing, expectMet: false }
  const { authority, target, framing, expectMet } = sent
  return {
    ...client,
    goesOn: outbound !== null,
    closes: kept.saidClose,
    connect: kept.texts.connect,
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

// The responses ----------------------------------------------------------------------------------------------------------

function responseSide(kept: KeptHeads): LedgerSide | null {
  const { texts, responseFacts: facts } = kept
  return explainedSide(texts.response, texts.repairs, kept, facts)
}

function interimSide({ text, repairs, became }: KeptInterim, kept: KeptHeads): LedgerSide | null {
  if (became === 'own') {
    const why =
      kept.outbound?.expectMet === true ? [] : ['The client was waiting for it, and the upstream had not sent it.']
    return { startLine: '', sentLine: startLineOf(text), rows: explainOwn(text), notes: why }
  }
  // It says nothing about the client's connection or the content.
  const facts = { ...kept.responseFacts, framing: 'none', verdict: 'keep' } as const
  return explainedSide(text, repairs, kept, { ...facts, withheld: became === 'passed' ? null : became })
}

/** @param repairs the faults that are no longer in the text */
function explainedSide(text: string, repairs: number, kept: KeptHeads, facts: ResponseFacts): LedgerSide | null {
  const { settings, grammar } = kept
  const how = { grammar, strict: false, method: facts.method }
  const explanation = explainResponseBytes(latin1(text), settings, how, () => facts)
  if (explanation === null) return null
  if (repairs > 0) explanation.notes.push(`${repairs} fault(s) in the lines were repaired.`)
  return sideOf(explanation, explanation.outbound ?? '')
}

/** A response generated by hopwise. */
function ownSide(kept: KeptHeads): LedgerSide {
  const { request, texts } = kept
  const notes = request === '' ? ['The request head could not be read.', ...endNotes(kept)] : []
  return { startLine: '', sentLine: startLineOf(texts.own), rows: explainOwn(texts.own), notes }
}

// Both -------------------------------------------------------------------------------------------------------------------

function trailersOf(
  text: string,
  names: ConnectionOptions,
  edits: FieldEdits | null,
  chunked: boolean,
  endSent: boolean,
): LedgerTrailers | null {
  if (text === '') return null
  let rows: LedgerRow[] = []
  readTrailersAgain(text, lines => {
    rows = explainTrailers(lines, names, edits, chunked)
  })
  return { sent: chunked && endSent, rows }
}

function sideOf({ startLine, rows, notes, refused }: Explanation, sent: string): LedgerSide {
  const more = refused === undefined ? [] : [`Refused: ${refused.message}.`]
  return { startLine, sentLine: startLineOf(sent), rows, notes: [...notes, ...more] }
}

/** The start line of a head; '' for ''. */
const startLineOf = (head: string): string => head.slice(0, Math.max(0, head.indexOf('\r\n')))

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
