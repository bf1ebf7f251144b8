import type { ProxyError } from '../link/proxy-error.js'
import type { ClientStream } from '../net/client/client-stream.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamStream } from '../net/upstream/upstream-stream.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { OutboundRequest } from '../policy/rewrite-request.js'
import type { Answer } from './answer.js'
import type { Engine } from './engine.js'
import type { ExchangeView } from './exchange-view.js'
import type { KeptTexts } from './kept-texts.js'
import type { Tries } from './tries.js'
import type { TunnelEnd } from './tunnel.js'
import type { Upload } from './upload.js'
import type { Proof } from './users.js'

/** An exchange as seen by the parts of its logic that are in separate files: the steps they may take, and the facts they record. */
export interface ExchangeSteps extends ExchangeView {
  readonly engine: Engine
  readonly client: ClientStream
  readonly upstream: UpstreamStream | null
  readonly tries: Tries
  readonly upload: Upload | null
  readonly isOver: boolean
  /** The texts kept for watchers; null while there are none. */
  readonly watched: KeptTexts | null

  // Admission: which user asks, and whether the request is admitted.
  isCounted: boolean
  user: string
  admission: Promise<Proof> | null
  error: ProxyError | null

  // Where it goes.
  pool: OriginPool | null
  outbound: OutboundRequest | null
  /** The client was told to send its content. */
  continued: boolean

  // CONNECT.
  status: number
  tunnelled: string
  onAbandoned: (() => void) | null

  // Steps.
  respond(answer: Answer): void
  acquire(fresh: boolean, now: number): void
  goOn(now: number): void
  sendAgain(): void
  settle(): void
  fail(error: ProxyError, upstreamReason?: CloseReason, closes?: CloseReason): void
  abandon(reason: CloseReason, reset: boolean, error?: ProxyError | null): void
  dropUpstream(reason: CloseReason): void
  tunnelBegan(): void
  tunnelEnded(reason: CloseReason, end: TunnelEnd): void
  onFault(fault: unknown): void
}
