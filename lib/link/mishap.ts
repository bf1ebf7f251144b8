/**
 * What goes wrong in an exchange, by how far it has come: one table says what becomes of it, and `proxy/mishaps.ts` does it.
 *
 * How to edit: change the row here and in docs/truth-tables.md, which a test compares; then the story of that cell in
 * test/proxy/story-mishaps.test.ts.
 */

/**
 * How far an exchange has come.
 *
 * - `head`: the head of the request is not whole.
 * - `content`: it is, and content is still coming; no final response has begun.
 * - `sent`: the request is whole, and no final response has begun.
 * - `early`: a response has begun before the request was whole.
 * - `answering`: the request is whole, the response has begun.
 * - `answered`: the response is whole, or given by us.
 */
export type MishapStage = 'head' | 'content' | 'sent' | 'early' | 'answering' | 'answered'

/** `none`, `begun` and `whole`, of the request (whose head counts) and of the final response. */
export function stageOf(request: 'none' | 'begun' | 'whole', response: 'none' | 'begun' | 'whole'): MishapStage {
  if (response === 'whole') return 'answered'
  if (response === 'begun') return request === 'whole' ? 'answering' : 'early'
  if (request === 'none') return 'head'
  return request === 'whole' ? 'sent' : 'content'
}

/**
 * - `fail`: an answer of our own, or, where some of a response has left, its end as a broken one.
 * - `abandon`: both sides are given up; nobody reads an answer.
 * - `settle`: the response is whole, so it is delivered and its connection ends behind it.
 * - `retry`: the request is sent again where `mayRetry` says so; else as `fail`.
 * - `another`: another server, where there is one; else as `fail`.
 * - `patience`: the response has `halfClosedMs` to begin, or to go on.
 * - `continue`: we say 100 (Continue) ourselves.
 * - `extend`: there was progress, so the same time again.
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
  /** The client's bytes are not HTTP that we accept. */
  'client-broke': row('fail', 'fail', 'fail', 'abandon', 'abandon', 'settle'),
  /** The client's FIN: inside its request an abort, behind it perhaps one. */
  'client-fin': row('abandon', 'abandon', 'patience', 'abandon', 'patience', 'ignore'),
  /** A response did not begin, or go on, for a client that had ended its side. */
  'client-left': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client's connection is gone. */
  'client-gone': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client does not take what it is sent. */
  'client-stalled': row('abandon', 'abandon', 'abandon', 'abandon', 'abandon', 'ignore'),
  /** The client has not sent what it had time for, or the exchange as a whole took too long. */
  'client-late': row('fail', 'fail', 'fail', 'fail', 'fail', 'ignore'),
  /** The upstream has not said 100 (Continue) (RFC 9110 10.1.1). */
  'continue-late': row('ignore', 'continue', 'ignore', 'ignore', 'ignore', 'ignore'),
  /** No connection to the upstream can be had. */
  'no-upstream': row('ignore', 'another', 'another', 'fail', 'fail', 'ignore'),
  /** The upstream has not answered, or not gone on, in time. */
  'upstream-late': row('ignore', 'fail', 'fail', 'fail', 'fail', 'ignore'),
  /** The upstream has not taken all that it was sent in time. */
  'upstream-slow': row('ignore', 'extend', 'extend', 'extend', 'extend', 'ignore'),
  /** The upstream ended its connection before an answer: with a FIN, or with a 408 about its idle limit. */
  'upstream-fin': row('ignore', 'retry', 'retry', 'fail', 'fail', 'ignore'),
  /** The upstream's connection is gone. */
  'upstream-gone': row('ignore', 'retry', 'retry', 'fail', 'fail', 'ignore'),
  /** The upstream's bytes are not HTTP that we accept, or end inside a message. */
  'upstream-broke': row('ignore', 'fail', 'fail', 'fail', 'fail', 'ignore'),
} as const satisfies Readonly<Record<string, Row>>

export type Mishap = keyof typeof MISHAPS

/** What else decides about a few of them. */
export interface MishapFacts {
  /** The setting: a client that has ended its side gets its answer, however long that takes. */
  readonly answersHalfClosed: boolean
  /** The client has still to take what it was sent: that has a limit of its own. */
  readonly clientPressured: boolean
  /** The upstream took some of what it was sent since this was asked last. */
  readonly upstreamTook: boolean
}

/** What becomes of an exchange at this stage. */
export function actOn(mishap: Mishap, stage: MishapStage, facts: MishapFacts): MishapAct {
  const act = MISHAPS[mishap][stage]
  if (act === 'patience' && (facts.answersHalfClosed || (stage === 'answering' && facts.clientPressured)))
    return 'ignore'
  return act === 'extend' && !facts.upstreamTook ? 'fail' : act
}
