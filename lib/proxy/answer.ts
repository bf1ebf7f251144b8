import { remedyText } from '../link/remedies.js'
import type { ClientStream, HopContext } from '../net/client/client-stream.js'
import { acceptOf } from '../policy/accept.js'
import { answerOptions, answerProblem, answerTrace } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { RequestHead } from '../wire/request-head.js'
import { readHeadAgain } from '../wire/request-reader.js'
import type { ExchangeView } from './exchange-view.js'
import { ALLOW, type OwnAnswer } from './own-answer.js'

/** A response of our own. `closes`: the connection closes after it, for this reason, whatever the client asked for. */
export type Answer =
  | (Exclude<OwnAnswer, { kind: 'trace' }> & { readonly closes?: CloseReason })
  | { readonly kind: 'trace'; readonly head: RequestHead; readonly closes?: CloseReason }

/**
 * The whole response as latin1 text, with its status.
 * @param client supplies what the response says about its hop
 * @param date the IMF-fixdate of now
 */
export function answerText(
  answer: Answer,
  exchange: ExchangeView,
  client: ClientStream,
  date: string,
): { status: number; text: string } {
  const { asked, pool, settings, requestId } = exchange
  client.describe(hop, 'length', settings)
  const context = { name: settings.name, date, persist: hop.persist, requestId, keepAlive: hop.keepAlive }
  if (answer.kind === 'trace') return { status: 200, text: answerTrace(answer.head, context) }
  if (answer.kind === 'options') return { status: 200, text: answerOptions(ALLOW, context) }
  const { error, status, todo, fields = [], remedy } = answer
  // The clients of a gateway cannot change its settings and need not know them: there the log names the setting.
  const isGateway = settings.mode === 'reverse'
  const what = answer.what + (remedy === undefined || isGateway ? '' : remedyText(remedy, settings.door))
  const where = pool === null || isGateway ? '' : `On the way to ${pool.origin.key}.`
  const problem = { status, error, what, where, todo, method: asked.method, accept: acceptIn(asked.text), fields }
  return { status, text: answerProblem(problem, context) }
}

/** Filled and used in one call. */
const hop: HopContext = { clientMinor: 1, framing: 'none', persist: '', keepAlive: '' }

/** The Accept field of a head that was kept as text; '' if there is none, or no head. */
function acceptIn(headText: string): string {
  let accept = ''
  if (headText !== '')
    readHeadAgain(headText, ({ lines }) => {
      accept = acceptOf(lines)
    })
  return accept
}
