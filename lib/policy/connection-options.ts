import type { Lines } from '../wire/lines.js'
import { membersOf } from '../wire/list.js'
import { hashOf, ID, isToken } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import { isIdentityName } from './identity.js'

/** More options than this in one message are an attack on processing time, not a use of the connection. */
export const CONNECTION_OPTIONS_MAX = 32

/**
 * The options of all `Connection` lines of one message (RFC 9110 7.6.1). The object is reused for each message. Options are
 * case-insensitive, empty members are ignored (RFC 9110 5.6.1), and so is `Proxy-Connection` (RFC 9112 C.2.2).
 */
export class ConnectionOptions {
  close = false
  keepAlive = false
  upgrade = false
  te = false
  /** All options as received, in lower case and in order. */
  names: readonly string[] = NO_NAMES
  /** At least one option is none of close, keep-alive, upgrade and te: it may name a field. */
  any = false
  /** An option names a field that frames or routes a message: Host, Content-Length or Transfer-Encoding. */
  namesFraming = false
  /** An option names a field with which a trusted peer identifies clients: X-Forwarded-*, Forwarded, X-Real-IP or Via. */
  namesIdentity = false
  /** How many fields were removed only because an option names them; counted by the rewrites. */
  nominated = 0
  /** The options other than close, keep-alive, upgrade and te, whose fields are handled in any case; with their hashes. */
  readonly #others: string[] = []
  readonly #hashes: number[] = []

  /**
   * Reads the Connection lines of a head.
   * @param status the status of the error: 400 for a request, 502 for a response
   * @throws ProtocolError for more than 32 options, or for an option that is not a token
   */
  read(lines: Lines, status: 400 | 502): void {
    this.close = this.keepAlive = this.upgrade = this.te = this.any = this.namesFraming = this.namesIdentity = false
    this.nominated = 0
    this.names = NO_NAMES
    // Setting the length of an array is expensive, even to the same length.
    if (this.#others.length > 0) this.#others.length = this.#hashes.length = 0
    for (let i = lines.find(ID.connection); i >= 0; i = lines.find(ID.connection, i)) this.#readLine(lines, i, status)
  }

  /** Whether an option other than close, keep-alive, upgrade and te names the field of line `i`. */
  has(lines: Lines, i: number): boolean {
    const hash = lines.hash(i)
    const hashes = this.#hashes
    for (let k = 0; k < hashes.length; k++) {
      if (hashes[k] === hash && lines.isNamed(i, this.#others[k]!, hash)) return true
    }
    return false
  }

  #readLine(lines: Lines, i: number, status: 400 | 502): void {
    if (this.names === NO_NAMES && lines.says(i, KEEP_ALIVE)) {
      this.names = KEEP_ALIVE_ALONE // what nearly every client sends
      this.keepAlive = true
      return
    }
    for (const member of membersOf(lines.value(i))) {
      const option = member.toLowerCase()
      if (!isToken(option)) {
        throw new ProtocolError(status, 'a Connection option is not a token', 'RFC 9110 7.6.1', lines.valueFrom(i))
      }
      this.#add(option, lines, i, status)
    }
  }

  #add(option: string, lines: Lines, i: number, status: 400 | 502): void {
    if (this.names.length === CONNECTION_OPTIONS_MAX) {
      const what = `more than ${CONNECTION_OPTIONS_MAX} options in Connection`
      throw new ProtocolError(status, what, 'RFC 9110 7.6.1', lines.valueFrom(i))
    }
    this.names = [...this.names, option]
    if (option === 'close') this.close = true
    else if (option === 'keep-alive') this.keepAlive = true
    else if (option === 'upgrade') this.upgrade = true
    else if (option === 'te') this.te = true
    else {
      this.any = true
      this.#others.push(option)
      this.#hashes.push(hashOf(option))
      this.namesFraming ||= option === 'host' || option === 'content-length' || option === 'transfer-encoding'
      this.namesIdentity ||= option === 'via' || isIdentityName(option)
    }
  }
}

const NO_NAMES: readonly string[] = []
const KEEP_ALIVE = Buffer.from('keep-alive')
const KEEP_ALIVE_ALONE: readonly string[] = ['keep-alive']
