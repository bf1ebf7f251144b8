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

/** Where a message stands. A request is `head` until its head is whole; a response is `none` until its *final* head is. */
export type Progress = 'none' | 'begun' | 'whole'

/** An exchange for those who tell of it and change nothing: records, phases, spans, the live page. Times are the clock's milliseconds, 0: not yet. */
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
  /** Kept while somebody watches. */
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
  /** CONNECT: where to, once the tunnel stands; ''. */
  readonly tunnelled: string
}
