import type { DeadlineName } from '../../lib/link/deadlines.js'
import type { ClientPeer, ClientStream, HopContext, TunnelStart } from '../../lib/net/client/client-stream.js'
import { Deadline, type DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { LeaseReader } from '../../lib/net/socket/read-lease.js'
import type { Transport } from '../../lib/net/socket/transport.js'
import type { UpstreamExchange } from '../../lib/net/upstream/upstream-connection.js'
import type { UpstreamPeer, UpstreamStream } from '../../lib/net/upstream/upstream-stream.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'
import type { OutboundRequest } from '../../lib/policy/rewrite-request.js'
import type { ContentFraming } from '../../lib/wire/request-head.js'

// Both streams in memory, which record their calls: an exchange is observed through them without a socket, and without HTTP/1.

/** The calls to either side, in order, one line each: `client: head 200`. */
export type Told = string[]

const NOBODY: LeaseReader = { pressured: false, closed: false, borrow() {} }

const startOf = (head: string): string => head.slice(0, head.indexOf('\r\n')).replace(/^HTTP\/1\.1 (\d+).*/s, '$1')

/** What both sides have in common. */
class MemorySide {
  readonly deadline: Deadline
  readonly taker = NOBODY
  readAt: number
  pressured = false
  isPaused = false
  hasEnded = false
  expired: (name: DeadlineName) => void = () => {}

  constructor(
    protected readonly name: 'client' | 'upstream',
    protected readonly told: Told,
    wheel: DeadlineWheel,
  ) {
    this.readAt = wheel.clock.now()
    this.deadline = new Deadline(wheel, deadline => this.expired(deadline.name))
  }

  protected note(what: string): void {
    this.told.push(`${this.name}: ${what}`)
  }

  pause(): void {
    if (!this.isPaused) this.note('pause')
    this.isPaused = true
  }

  resume(): void {
    if (this.isPaused) this.note('resume')
    this.isPaused = false
  }

  isStable(): boolean {
    return false
  }

  relaysTo(): void {}
  restsFor(): void {}
}

export class MemoryClient extends MemorySide implements ClientStream {
  readonly peer: ClientPeer = {
    id: 'c1',
    address: '192.0.2.1',
    port: 4711,
    scheme: 'http',
    tls: null,
    trusted: false,
    site: '192.0.2.1',
    requests: 1,
    vouched: '',
    about: null,
    logins: null,
    ends: () => ({ source: '192.0.2.1', sourcePort: 4711, destination: '192.0.2.9', destinationPort: 80 }),
  }
  readonly version = '1.1'
  isGone = false
  framing: ContentFraming = 'none'
  verdict: 'keep' | CloseReason = 'keep'
  readonly takesTrailers = true
  readonly takesInterim = true
  /** Whether what was written since the final head has left. */
  private left = false
  private begun = false

  constructor(told: Told, wheel: DeadlineWheel) {
    super('client', told, wheel)
  }

  understood(): void {}
  asked(): void {}

  judge(framing: ContentFraming, isContentRead: boolean): void {
    this.framing = framing
    this.verdict = isContentRead ? 'keep' : 'content-unread'
  }

  describe(context: HopContext, framing: ContentFraming): void {
    context.clientMinor = 1
    context.framing = framing
    context.persist = context.keepAlive = ''
  }

  write(text: string): void {
    this.note(`write ${startOf(text)}`)
  }

  head(text: string): void {
    this.begun = true
    this.left = false
    this.note(`head ${startOf(text)}`)
  }

  content(bytes: Buffer, from: number, to: number): void {
    this.note(`content ${bytes.toString('latin1', from, to)}`)
  }

  end(trailers: string): void {
    this.note(`end${trailers === '' ? '' : ` ${trailers.trim()}`}`)
  }

  takeBack(): boolean {
    if (this.left) return false
    this.note('takeBack')
    return true
  }

  flush(): void {
    if (this.begun) this.left = true
  }

  finish(): void {
    this.note(`finish ${this.verdict}`)
  }

  abort(reason: CloseReason, reset: boolean): void {
    this.note(`abort ${reason}${reset ? ', reset' : ''}`)
  }

  becomeTunnel(): TunnelStart {
    throw new Error('a tunnel needs transports')
  }

  tunnelEnded(): void {}
}

export class MemoryUpstream extends MemorySide implements UpstreamStream {
  readonly peer: UpstreamPeer = { id: 'u1', address: '192.0.2.9', pool: { origin: { key: 'a.example:80' } } }
  nth = 1
  reused = false
  isReserved = false
  wroteNothing = false
  heardNothing = true
  inContent = false
  exchange: UpstreamExchange | null = null
  /** What the next `tookSome` returns. */
  took = false

  constructor(told: Told, wheel: DeadlineWheel) {
    super('upstream', told, wheel)
  }

  send(outbound: OutboundRequest, _method: string, exchange: UpstreamExchange): boolean {
    this.exchange = exchange
    this.heardNothing = true
    this.note(`send ${outbound.text().replace(/ HTTP.*/s, '')}, ${outbound.framing}`)
    return false
  }

  content(bytes: Buffer, from: number, to: number): void {
    this.note(`content ${bytes.toString('latin1', from, to)}`)
  }

  keptContent(text: string): void {
    if (text !== '') this.note(`kept content ${text}`)
  }

  end(trailers: string): void {
    this.note(`end${trailers === '' ? '' : ` ${trailers.trim()}`}`)
  }

  tookSome(): boolean {
    return this.took
  }

  flush(): void {}
  answered(): void {}
  reserveFor(): void {}

  release(isSent: boolean, surplus: boolean): 'keep' | CloseReason {
    const verdict = surplus ? 'upstream-unsolicited' : isSent ? 'keep' : 'early-response'
    this.note(`release ${verdict}`)
    return verdict
  }

  abort(reason: CloseReason): void {
    this.note(`abort ${reason}`)
  }

  lost(): void {}

  becomeTunnel(): Transport {
    throw new Error('a tunnel needs transports')
  }

  tunnelEnded(): void {}
}
