import { remedyText } from '../link/remedies.js'
import type { HopContext } from '../net/client/client-stream.js'
import { acceptOf } from '../policy/accept.js'
import { type AnswerContext, answerOptions, answerProblem, answerTrace } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { RequestHead } from '../wire/request-head.js'
import { readHeadAgain } from '../wire/request-reader.js'
import type { Exchange } from './forward.js'
import { ALLOW, type OwnAnswer } from './own-answer.js'

/** What we answer by ourselves. `closes`: the connection ends after it, for this reason, whatever the client would like. */
export type Answer =
  | (Exclude<OwnAnswer, { kind: 'trace' }> & { readonly closes?: CloseReason })
  | { readonly kind: 'trace'; readonly head: RequestHead; readonly closes?: CloseReason }

/** The whole response as latin1 text, with the status it has. */
export function answerText(answer: Answer, exchange: Exchange): { status: number; text: string } {
  const context = contextOf(exchange)
  if (answer.kind === 'trace') return { status: 200, text: answerTrace(answer.head, context) }
  if (answer.kind === 'options') return { status: 200, text: answerOptions(ALLOW, context) }
  const { error, status, todo, fields = [], remedy } = answer
  const { pool, settings } = exchange
  // Who visits a gateway cannot set anything, and need not know what there is to set: there the log tells it.
  const what =
    answer.what + (remedy === undefined || settings.mode === 'reverse' ? '' : remedyText(remedy, settings.door))
  const where = pool === null || settings.mode === 'reverse' ? '' : `On the way to ${pool.origin.key}.`
  const text = answerProblem(
    { status, error, what, where, todo, method: exchange.asked.method, accept: acceptIn(exchange.asked.text), fields },
    context,
  )
  return { status, text }
}

function contextOf(exchange: Exchange): AnswerContext {
  const { engine, settings, client, requestId } = exchange
  client.describe(hop, 'length', settings)
  const { persist, keepAlive } = hop
  return { name: settings.name, date: engine.date(), persist, requestId, keepAlive }
}

/** Filled and used in one call. */
const hop: HopContext = { clientMinor: 1, framing: 'none', persist: '', keepAlive: '' }

/** The Accept of a head that was kept as text; '' for none, or no head. */
function acceptIn(headText: string): string {
  let accept = ''
  if (headText !== '')
    readHeadAgain(headText, ({ lines }) => {
      accept = acceptOf(lines)
    })
  return accept
}
