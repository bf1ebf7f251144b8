import { isAuthority } from '../wire/authority.js'
import { WrongText } from './option-error.js'

/**
 * The value of Host toward the upstream (RFC 9110 7.2): with `preserve` the one that the client sent, with `upstream` that of the
 * upstream, and any other text literally. An HTTP/1.0 client may have sent none: then it is that of the upstream.
 */
export function hostToSend(sendHost: string, received: string, own: string): string {
  if (sendHost === 'preserve') return received === '' ? own : received
  return sendHost === 'upstream' ? own : sendHost
}

/** @throws OptionError for anything that is neither one of the two words nor a host */
export function checkSendHost(sendHost: string): void {
  if (sendHost !== 'preserve' && sendHost !== 'upstream' && !isAuthority(sendHost))
    throw new WrongText(
      `sendHost ${JSON.stringify(sendHost)}`,
      'must be preserve, upstream, or a host such as app.example',
    )
}
