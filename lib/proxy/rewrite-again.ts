import { ConnectionOptions } from '../policy/connection-options.js'
import { type OutboundRequest, rewriteRequest } from '../policy/rewrite-request.js'
import { readHeadAgain } from '../wire/request-reader.js'
import { fillRequestContext } from './contexts.js'
import type { ExchangeView } from './exchange-view.js'

const options = new ConnectionOptions()

/**
 * Rewrites the head of a request again, from the text as received, with what has become known since: it goes to another server,
 * or its content was gathered. That is rare, so only the text is kept for it.
 * @param gatheredLength bytes of content that was chunked and has been gathered; -1: as before
 */
export function rewriteAgain(exchange: ExchangeView, gatheredLength = -1): OutboundRequest {
  let outbound = exchange.outbound!
  const length = gatheredLength < 0 ? outbound.gatheredLength : gatheredLength
  const framing = length < 0 ? outbound.framing : 'length'
  readHeadAgain(exchange.asked.text, head => {
    options.read(head.lines, 400)
    outbound = rewriteRequest(head, options, fillRequestContext(exchange, head, framing, length))
  })
  return outbound
}
