import { isAuthority } from '../wire/authority.js'

/**
 * The value of Host toward the upstream (RFC 9110 7.2): with `preserve` the client's, with `upstream` the upstream's own, and any other
 * text as it is. An HTTP/1.0 client may have sent none: then it is the upstream's own.
 */
export function hostToSend(sendHost: string, received: string, own: string): string {
  if (sendHost === 'preserve') return received === '' ? own : received
  return sendHost === 'upstream' ? own : sendHost
}

/** @throws TypeError for what is neither of the two words nor a host */
export function checkSendHost(sendHost: string): void {
  if (sendHost !== 'preserve' && sendHost !== 'upstream' && !isAuthority(sendHost))
    throw new TypeError(
      `sendHost ${JSON.stringify(sendHost)} must be preserve, upstream, or a host such as app.example`,
    )
}
