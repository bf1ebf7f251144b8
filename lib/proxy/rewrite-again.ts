import { ConnectionOptions } from '../policy/connection-options.js'
import { rewriteRequest } from '../policy/rewrite-request.js'
import { readHeadAgain } from '../wire/request-reader.js'
import { fillRequestContext } from './contexts.js'
import type { Exchange } from './forward.js'

const options = new ConnectionOptions()

/**
 * The head of a request once more, from what was received: for what has become known since. Another server gets it, or its content was
 * gathered. That is rare, so nothing but the text is kept for it.
 * @param gatheredLength of content that came in chunks and was gathered; -1: as before
 */
export function rewriteAgain(exchange: Exchange, gatheredLength = -1): void {
  const before = exchange.outbound!
  const length = gatheredLength < 0 ? before.gatheredLength : gatheredLength
  readHeadAgain(exchange.asked.text, head => {
    options.read(head.lines, 400)
    const framing = length < 0 ? before.framing : 'length'
    exchange.outbound = rewriteRequest(head, options, fillRequestContext(exchange, head, framing, length))
  })
}
