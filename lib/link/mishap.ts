/**
 * What can go wrong in an exchange, by its stage: one table decides what happens then, and `proxy/mishaps.ts` does it.
 *
 * How to edit: change the row here and in docs/truth-tables.md, which a test compares; then the case of that cell in
 * test/proxy/story-mishaps.test.ts.
 */

/**
 * The stage of an exchange.
 *
 * - `head`: the head of the request is not complete.
 * - `content`: the head is complete, content is still arriving, and no final response has begun.
 * - `sent`: the request is complete, and no final response has begun.
 * - `early`: a response has begun before the request was complete.
 * - `answering`: the request is complete, and the response has begun.
 * - `answered`: the response is complete, or the proxy has answered itself.
 */
export type MishapStage = 'head' | 'content' | 'sent' | 'early' | 'answering' | 'answered'

/** The stage for the progress of the request (counted from its complete head) and of the final response. */
export function stageOf(request: 'none' | 'begun' | 'whole', response: 'none' | 'begun' | 'whole'): MishapStage {
  if (response === 'whole') return 'answered'
  if (response === 'begun') return request === 'whole' ? 'answering' : 'early'
  if (request === 'none') return 'head'
  return request === 'whole' ? 'sent' : 'content'
}

/**
 * - `fail`: the proxy answers with an error, or, if part of a response was sent, ends it as a broken one.
 * - `abandon`: both sides are abandoned; no one reads an answer.
 * - `settle`: the response is complete, so it is delivered, and its connection ends after it.
 * - `retry`: the request is sent again if `mayRetry` allows it; else like `fail`.
 * - `another`: the request goes to another server, if there is one; else like `fail`.
 * - `patience`: the response has `halfClosedMs` to begin, or to continue.
 * - `continue`: the proxy sends 100 (Continue) itself.
 * - `extend`: there was progress, so the deadline restarts.
 * - `ignore`: nothing is wrong.
 */
export type MishapAct =
  | 'fail'
  | 'abandon'
  | 'settle'
  | 'retry'
  | 'another'
  | 'patience'
  | 'continue'
  | 'extend'
  | 'ignore'

const STAGES = ['head', 'content', 'sent', 'early', 'answering', 'answered'] as const satisfies readonly MishapStage[]

type Row = Readonly<Record<MishapStage, MishapAct>>

const row = (...acts: readonly [MishapAct, MishapAct, MishapAct, MishapAct, MishapAct, MishapAct]): Row =>
  Object.fromEntries(STAGES.map((stage, i) => [stage, acts[i]])) as Row

export const MISHAPS = {
  /** The client sent something that the proxy does not accept as HTTP. */
  'client-broke': row('fail', 'fail', 'fail', 'abandon', 'abandon', 'settle'),
  /** The FIN of the client: within its request an abort, after it possibly one. */
  'client-fin': row('abandon', 'abandon', 'patience', 'abandon', 'patience', 'ignore'),
  /** A response did not begin, or continue, in time for a client that had closed its side. */
  'client-left': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client connection is gone. */
  'client-gone': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client does not read what it is sent. */
  'client-stalled': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client did not send in time, or the whole exchange took too long. */
  'client-late': row('fail', 'fail', 'fail', 'fail', 'fail', 'ignore'),
  /** The upstream did not send 100 (Continue) in time (RFC 9110 10.1.1). */
  'continue-late': row('ignore', 'continue', 'ignore', 'ignore', 'ignore', 'ignore'),
  /** There is no connection to the upstream. */
  'no-upstream': row('ignore', 'another', 'another', 'fail', 'fail', 'ignore'),
  /** The upstream did not answer, or did not continue, in time. */
  'upstream-late': row('ignore', 'fail', 'fail', 'fail', 'fail', 'ignore'),
  /** The upstream did not read all that it was sent in time. */
  'upstream-slow': row('ignore', 'extend', 'extend', 'extend', 'extend', 'ignore'),
  /** The upstream ended the connection before an answer: with a FIN, or with a 408 about its idle limit. */
  'upstream-fin': row('ignore', 'retry', 'retry', 'fail', 'fail', 'ignore'),
  /** The upstream connection is gone. */
  'upstream-gone': row('ignore', 'retry', 'retry', 'fail', 'fail', 'ignore'),
  /** The upstream sent something that the proxy does not accept as HTTP, or that ends within a message. */
  'upstream-broke': row('ignore', 'fail', 'fail', 'fail', 'fail', 'ignore'),
} as const satisfies Readonly<Record<string, Row>>

export type Mishap = keyof typeof MISHAPS

/** Further facts on which some acts depend. */
export interface MishapFacts {
  /** The setting: a client that has closed its side gets its answer, however long that takes. */
  readonly answersHalfClosed: boolean
  /** The client has not read all that it was sent: that has a deadline of its own. */
  readonly clientPressured: boolean
  /** The upstream has read some of what it was sent since the last check. */
  readonly upstreamTook: boolean
}

/** The act for this mishap at this stage. */
export function actOn(mishap: Mishap, stage: MishapStage, facts: MishapFacts): MishapAct {
  const act = MISHAPS[mishap][stage]
  if (act === 'patience' && (facts.answersHalfClosed || (stage === 'answering' && facts.clientPressured)))
    return 'ignore'
  return act === 'extend' && !facts.upstreamTook ? 'fail' : act
}
