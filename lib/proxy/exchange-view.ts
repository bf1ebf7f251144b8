import type { ProxyError } from '../link/proxy-error.js'
import type { ClientStream } from '../net/client/client-stream.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamStream } from '../net/upstream/upstream-stream.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { OutboundRequest } from '../policy/rewrite-request.js'
import type { Answered } from './answered.js'
import type { Asked } from './asked.js'
import type { KeptTexts } from './kept-texts.js'
import type { Route } from './options/route-options.js'
import type { Settings } from './options/settings.js'
import type { ExchangeSpan } from './tracer.js'
import type { Tries } from './tries.js'
import type { Upload } from './upload.js'

/** How far a message has come. A request is `none` until its head is complete; a response is `none` until its *final* head is. */
export type Progress = 'none' | 'begun' | 'whole'

/**
 * A read-only view of an exchange, for records, phases, spans and the live page. Times are milliseconds of the clock; 0: not yet.
 */
export interface ExchangeView {
  readonly number: number
  readonly settings: Settings
  readonly client: Pick<ClientStream, 'peer' | 'version' | 'verdict' | 'framing'>
  readonly asked: Readonly<Asked>
  readonly answered: Readonly<Answered>
  readonly tries: Readonly<Tries>
  readonly upload: Readonly<Upload> | null
  /** How far its two messages have come. */
  readonly request: Progress
  readonly response: Progress
  readonly status: number
  readonly error: ProxyError | null
  readonly upstreamVerdict: 'keep' | CloseReason | null
  readonly routed: Route | null
  readonly pool: OriginPool | null
  readonly upstream: UpstreamStream | null
  readonly outbound: OutboundRequest | null
  /** Kept only while a watcher is set. */
  readonly texts: KeptTexts | null
  readonly requestId: string
  readonly user: string
  readonly span: ExchangeSpan | null
  readonly requestContent: number
  readonly responseContent: number
  readonly repairs: number
  readonly startedAt: number
  readonly headAt: number
  readonly sentAt: number
  readonly answeredAt: number
  readonly isTunnel: boolean
  /** CONNECT: the destination, once the tunnel is established; until then ''. */
  readonly tunnelled: string
}
