import { randomUUID } from 'node:crypto'
import type { DeadlineName } from '../link/deadlines.js'
import { isIdempotent } from '../link/exchange-facts.js'
import { ProxyError } from '../link/proxy-error.js'
import type { ClientExchange } from '../net/client/client-connection.js'
import type { ClientStream } from '../net/client/client-stream.js'
import type { Deadline } from '../net/deadline-wheel.js'
import { Logins } from '../net/upstream/logins.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamExchange } from '../net/upstream/upstream-connection.js'
import type { UpstreamStream } from '../net/upstream/upstream-stream.js'
import type { UpstreamWaiter } from '../net/upstream/upstream-waiter.js'
import type { CloseReason } from '../policy/close-reason.js'
import { ConnectionOptions } from '../policy/connection-options.js'
import { withheldBecause } from '../policy/interim.js'
import { asksForLogin } from '../policy/login.js'
import { chosenRequestId } from '../policy/request-id.js'
import { type OutboundRequest, rewriteRequest } from '../policy/rewrite-request.js'
import { rewriteResponse } from '../policy/rewrite-response.js'
import type { Routes } from '../policy/routes.js'
import { keepTrailers } from '../policy/trailers.js'
import { upgradesOf } from '../policy/upgrade.js'
import type { Lines } from '../wire/lines.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ResponseHead } from '../wire/response-head.js'
import { admit, noted, whenAdmitted } from './admission.js'
import { type Answer, answerText } from './answer.js'
import { Answered } from './answered.js'
import { Asked } from './asked.js'
import { Choice } from './choose.js'
import { noteCompression } from './compression-seen.js'
import { connect } from './connect.js'
import { fillRequestContext, fillResponseContext } from './contexts.js'
import type { Engine } from './engine.js'
import type { Outcome } from './events.js'
import type { ExchangeSteps } from './exchange-steps.js'
import type { Progress } from './exchange-view.js'
import { countFailure, publicText } from './failures.js'
import { clientFlushed, flush, type TwoSides, upstreamFlushed } from './flow.js'
import { KeptTexts } from './kept-texts.js'
import {
  clientBroke,
  clientFinished,
  clientTimedOut,
  noUpstream,
  sendContinue,
  upstreamBroke,
  upstreamFinished,
  upstreamGone,
  upstreamTimedOut,
} from './mishaps.js'
import type { Route } from './options/route-options.js'
import type { Settings } from './options/settings.js'
import { NO_ROUTE } from './own-answer.js'
import { unknownToParent } from './parent.js'
import { prefaceFor } from './preface.js'
import {
  beginUpload,
  gather,
  gathersFor,
  getsLength,
  isOnlyOnce,
  meetsExpect,
  tooLong,
  tooSlow,
  ungather,
} from './request-content.js'
import { noteFailure, retriesFresh } from './retry.js'
import { rewriteAgain } from './rewrite-again.js'
import { startTunnel } from './start-tunnel.js'
import { beginSpan, tell } from './traced.js'
import type { ExchangeSpan } from './tracer.js'
import { Tries } from './tries.js'
import type { TunnelEnd } from './tunnel.js'
import type { Upload } from './upload.js'
import type { Proof } from './users.js'

// Scratch objects for the synchronous part of an exchange: filled, used and discarded within one call of a reader.
const requestOptions = new ConnectionOptions()
const responseOptions = new ConnectionOptions()

/**
 * One request and its response, from the first byte to the last.
 *
 * ```
 *             (1) head      (2) route     (3) rewrite    (4) acquire   (5) send
 *  client ────────────────────────────────────────────────────────────────────▶ upstream
 *  client ◀──────────────────────────────────────────────────────────────────── upstream
 *             (8) body      (7) rewrite                                 (6) head
 *             (9) judge, then release both sides: two independent verdicts, each "keep" or a CloseReason
 * ```
 *
 * It is the sink of both readers. A request that finds an idle upstream connection goes from the last byte of its head to the
 * write to the upstream in one synchronous call. Bytes are sent in `flush`, once per call of a reader, which also applies
 * backpressure: while one side is `pressured`, the other is not read until the first has been flushed.
 */
export class Exchange implements ExchangeSteps, TwoSides, ClientExchange, UpstreamExchange, UpstreamWaiter {
  readonly number: number
  readonly startedAt: number
  readonly asked = new Asked()
  readonly answered = new Answered()
  readonly tries = new Tries()
  /** null: the request has no content. */
  upload: Upload | null = null
  outbound: OutboundRequest | null = null
  texts: KeptTexts | null = null
  // How far it has come.
  request: Progress = 'none'
  response: Progress = 'none'
  status = 0
  upstreamVerdict: 'keep' | CloseReason | null = null
  error: ProxyError | null = null
  /** The settings at its beginning, and the routes that belong to them. */
  readonly settings: Settings
  private readonly routes: Routes<Route> | null
  /** X-Request-Id, or ''. */
  requestId = ''
  /** It is counted among the requests in progress of its address. */
  isCounted = false
  /** The running check of the client's credentials; null: none. */
  admission: Promise<Proof> | null = null
  /** The user, if authentication is required; otherwise ''. */
  user = ''
  /** The span of this exchange, if there is a tracer. */
  span: ExchangeSpan | null = null
  // The upstream side.
  routed: Route | null = null
  pool: OriginPool | null = null
  upstream: UpstreamStream | null = null
  waiting: Deadline | null = null
  onlyOnce = false
  // Counts and times for the record.
  requestContent = 0
  responseContent = 0
  repairs = 0
  headAt = 0
  sentAt = 0
  answeredAt = 0
  isOver = false
  /** It has become a tunnel. */
  isTunnel = false
  /** CONNECT: the destination, once the tunnel is established. */
  tunnelled = ''
  /** CONNECT: what to do if the exchange ends before the tunnel is established. */
  onAbandoned: (() => void) | null = null

  /** The final response began before the request was complete: the upstream connection is not used again (RFC 9112 9.5). */
  private early = false
  /** The client was told to send its content. */
  continued = false
  private switched = false
  private isWebSocket = false
  private interimSeen = false

  constructor(
    readonly engine: Engine,
    readonly client: ClientStream,
  ) {
    this.number = ++engine.counts.total
    engine.counts.active++
    this.settings = engine.settings
    this.routes = engine.routes
    this.startedAt = client.readAt
  }

  /** The texts kept for the watcher; null while there is none. */
  get watched(): KeptTexts | null {
    if (this.engine.watcher === null) return null
    this.texts ??= new KeptTexts()
    return this.texts
  }

  // (1) head ---------------------------------------------------------------------------------------------------------

  onRequestHead(head: RequestHead): void {
    const { client, settings } = this
    client.understood()
    this.request = 'begun'
    this.asked.note(head)
    if (settings.tracer !== null) this.span = beginSpan(this, head.lines)
    this.headAt = client.readAt
    if (head.framing === 'none') client.deadline.clear()
    else {
      this.upload = beginUpload(settings.uploadBytesPerSecondMin, client.readAt)
      client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs, client.readAt)
    }

    if (settings.requestId !== 'off') this.requestId = chosenRequestId(head.lines, settings.requestId, randomUUID)
    requestOptions.read(head.lines, 400)
    client.asked(head, requestOptions, settings)
    this.asked.noteOptions(head, requestOptions)
    this.route(head)
  }

  // (2) route --------------------------------------------------------------------------------------------------------

  private route(head: RequestHead): void {
    const { routes } = this
    const answer = admit(this, head)
    if (answer !== null) this.respond(answer.kind === 'trace' ? { kind: 'trace', head } : answer)
    else if (head.targetForm === 'authority') connect(this, head)
    else if (routes === null) this.rewrite(head, this.engine.poolFor(head, this.settings, this.admission === null))
    else this.take(routes.only ?? routes.match(head), head)
  }

  private take(route: Route | null, head: RequestHead): void {
    if (route === null) {
      this.respond(noted(this, NO_ROUTE))
      return
    }
    this.routed = route
    const pool = route.group.only ?? this.choose(route, head)
    if (pool !== null) this.rewrite(head, pool)
    else
      this.fail(
        new ProxyError('destination_unavailable', `upstreams.${route.group.name} has no server`, {
          stage: 'route',
          side: 'upstream',
        }),
      )
  }

  private choose({ group }: Route, head: RequestHead): OriginPool | null {
    const { peer, readAt } = this.client
    const choice = Choice.of(group, head, peer)
    this.tries.choice = choice
    return choice.first(head, peer, readAt)
  }

  // (3) rewrite ------------------------------------------------------------------------------------------------------

  private rewrite(head: RequestHead, pool: OriginPool): void {
    const { settings, client, routed } = this
    this.pool = pool
    this.onlyOnce = isOnlyOnce(head, settings.limits)
    const { upload } = this
    if (upload !== null) upload.gathersFor = gathersFor(head, pool, routed)
    const isGathered = upload?.isGathered === true
    if (isGathered) upload.expectMet = meetsExpect(head)
    this.outbound = rewriteRequest(head, requestOptions, fillRequestContext(this, head, head.framing))
    if (this.outbound.expectContinue && settings.mode === 'reverse')
      client.deadline.set('continueMs', settings.deadlines.continueMs)
    if (!isGathered) this.acquire(false, client.readAt)
    else if (upload.expectMet) sendContinue(this)
  }

  // (4) acquire ------------------------------------------------------------------------------------------------------

  acquire(fresh: boolean, now: number): void {
    if (this.admission !== null) {
      whenAdmitted(this, () => {
        this.pool = this.engine.upstreams.pools.of(this.pool!.origin)
        this.acquire(fresh, this.settings.clock.now())
      })
      return
    }
    const upstream = this.pool!.acquire(this, fresh, now, this.client.peer.logins)
    if (upstream !== null) this.send(upstream, now)
  }

  /** The wait is over. */
  onUpstream(upstream: UpstreamStream): void {
    const now = this.settings.clock.now()
    this.send(upstream, now)
    this.goOn(now)
  }

  /** The upstream is known later than the head: content that was held back may flow now, if there is an upstream. */
  goOn(now: number): void {
    const { client, settings } = this
    if (this.upstream !== null) {
      if (client.isPaused && this.request === 'begun')
        client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs, now)
      this.upload?.pace?.resumed(now)
      client.resume() // before the flush, which pauses it again if the upstream does not accept everything
    }
    this.flush()
  }

  onNoUpstream(error: ProxyError): void {
    noUpstream(this, error)
  }

  preface(version: 'v1' | 'v2'): Buffer {
    return prefaceFor(this.client.peer, version)
  }

  get clientAddress(): string {
    return this.client.peer.address
  }

  // (5) send ---------------------------------------------------------------------------------------------------------

  private send(upstream: UpstreamStream, now: number): void {
    this.upstream = upstream
    this.sentAt = now
    const { tries, upload } = this
    tries.carriedBy = upstream.peer
    tries.nth = upstream.nth
    if (this.asked.logsIn) {
      tries.goesOnWithLogin = upstream.isReserved
      if (!tries.goesOnWithLogin) this.reserve(upstream)
    }
    this.asked.sentAs = this.outbound
    tries.saidClose = upstream.send(this.outbound!, this.asked.method, this, now)
    if (upload?.kept.isKept) {
      upstream.keptContent(upload.kept.text!)
      this.texts?.keepSent(this.request === 'whole')
    }
    if (this.request !== 'whole') return
    upstream.end(upload === null ? '' : upload.trailers)
    this.sent(upstream, now)
  }

  /** From now on this upstream connection serves this client connection only. */
  private reserve(upstream: UpstreamStream): void {
    const { peer } = this.client
    peer.logins ??= new Logins()
    upstream.reserveFor(peer.logins)
  }

  /** The whole request has been sent: the upstream's time to respond begins. */
  private sent(upstream: UpstreamStream, now: number): void {
    upstream.deadline.set('responseHeadMs', this.settings.deadlines.responseHeadMs, now)
  }

  onRequestContent(bytes: Buffer, from: number, to: number): void {
    this.requestContent += to - from
    if (this.response === 'whole' || this.isOver) return // it has its answer: the rest is discarded
    const { client, upstream } = this
    client.deadline.set('requestBodyMs', this.settings.deadlines.requestBodyMs, client.readAt)
    const upload = this.upload!
    if (this.refuses(upload, to - from)) return
    if (upload.kept.isKept) this.keep(upload, bytes, from, to)
    upstream?.content(bytes, from, to, client.isStable(bytes))
  }

  /** Refuses content that is too long or arrives too slowly. @param bytes how many have just arrived */
  private refuses(upload: Upload, bytes: number): boolean {
    const { client, settings, engine, requestContent } = this
    const long = tooLong(requestContent, settings.limits)
    if (long !== null) {
      this.fail(long)
      return true
    }
    const { pace } = upload
    if (pace === null) return false
    // For a client that had to wait for a 100, the time begins now.
    const waited = upload.expectMet || this.outbound?.expectContinue === true
    if (waited && requestContent === bytes) pace.begin(client.readAt)
    const slow = tooSlow(pace, bytes, settings.uploadBytesPerSecondMin, client.readAt)
    if (slow === null) return false
    engine.counts.refusedAsTooSlow++
    this.fail(slow, 'client-gone', 'client-body-timeout')
    return true
  }

  /** Keeps content for as long as it may have to be sent (again), up to the limit. */
  private keep(upload: Upload, bytes: Buffer, from: number, to: number): void {
    const { upstream, settings, asked, engine } = this
    const { kept } = upload
    const sendable = upstream === null || (isIdempotent(asked.method) && (upstream.reused || retriesFresh(this)))
    if (!sendable || (upstream !== null && kept.bytes + to - from > settings.limits.retryBytesMax)) {
      kept.drop()
      this.ungather()
      return
    }
    kept.add(bytes, from, to)
    if (!upload.isGathered) return
    const gathered = gather(upload, to - from, engine.counts, settings.limits, this)
    if (gathered === 'pass-on') this.acquire(false, this.client.readAt)
    else if (gathered !== null) this.fail(gathered)
  }

  onRequestEnd(trailers: Lines | null): void {
    this.request = 'whole'
    if (this.isOver) return
    if (this.response === 'whole') {
      this.settle()
      return
    }
    const { client, settings } = this
    // A response that has begun may be waiting for the client to read.
    if (this.response === 'begun' && client.pressured)
      client.deadline.set('clientWriteMs', settings.deadlines.clientWriteMs)
    else client.deadline.clear()
    const { upload, upstream } = this
    if (upload !== null) {
      if (trailers !== null) {
        upload.trailers = keepTrailers(trailers, this.asked.names, this.routed?.requestEdits)
        this.watched?.keepRequestTrailers(trailers.text, upstream !== null)
      }
      if (upload.isGathered) {
        if (getsLength(upload, this.asked.framing)) this.outbound = rewriteAgain(this, upload.kept.bytes)
        upload.gathersFor = 'nothing'
        this.acquire(false, client.readAt)
        return
      }
    }
    if (upstream !== null) {
      upstream.end(upload === null ? '' : upload.trailers)
      if (this.response === 'none') this.sent(upstream, client.readAt)
    }
    if (client.hasEnded) this.onClientFin()
  }

  // (6) head ---------------------------------------------------------------------------------------------------------

  onResponseHead(head: ResponseHead): void {
    const { client } = this
    const upstream = this.upstream!
    if (this.answeredAt === 0) this.answeredAt = upstream.readAt
    this.tries.endBudget()
    responseOptions.read(head.lines, 502)
    const pool = this.pool!
    pool.succeeded(upstream.readAt)
    upstream.answered(head, responseOptions)
    this.repairs += head.lines.repairs
    if (!upstream.isReserved && asksForLogin(head.lines, this.settings.parent !== null)) this.reserve(upstream)
    if (head.status < 200) {
      this.interim(head, upstream)
      return
    }
    if (head.status === 408 && upstream.reused && !this.interimSeen) {
      // The server's idle limit, not an answer to this request: never forwarded (RFC 9110 15.5.9).
      this.tries.stale = true
      throw new ProtocolError(502, 'the upstream closed an idle connection with a 408', 'RFC 9110 15.5.9')
    }
    if (head.status === 407 && this.settings.parent !== null) throw unknownToParent()
    this.upload?.kept.drop()
    this.ungather()
    this.response = 'begun'
    this.early = this.request !== 'whole'
    this.status = head.status
    this.answered.note(head, responseOptions)
    // Every 13th request is enough, and does not keep step with the parts of a page; a server that has compressed is known.
    const { outbound } = this
    if (
      pool.record.requests % 13 === 1 &&
      pool.record.compressedSeen === 0 &&
      this.settings.viaRequest &&
      pool.isMember &&
      outbound !== null
    )
      noteCompression(pool, outbound, head)
    if (this.request === 'whole') client.deadline.clear() // the deadline of a half-closed client: its response has begun
    this.rewriteResponse(head)
  }

  /** 1xx: forwarded as it arrives, under the same hop-by-hop rules (RFC 9110 15.2). */
  private interim(head: ResponseHead, upstream: UpstreamStream): void {
    const { client, settings } = this
    this.interimSeen = true
    if (head.status === 101) {
      if (this.request !== 'whole')
        throw new ProtocolError(502, '101 before the whole request was sent', 'RFC 9110 7.8')
      this.watched?.keepResponse(head.lines, 'keep', this.engine.date())
      const context = fillResponseContext(this, client, 'none', this.engine.date)
      client.write(rewriteResponse(head, responseOptions, context))
      this.status = 101
      this.switched = true
      this.isWebSocket = upgradesOf(head.lines).some(protocol => protocol.toLowerCase() === 'websocket')
      return
    }
    const withheld = withheldBecause(head.status, client.takesInterim, this.continued, settings.interim)
    this.watched?.keepInterim(head.lines, withheld ?? 'passed')
    if (head.status === 100 && !this.continued) {
      this.continued = true
      if (this.request !== 'whole') client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
    }
    if (withheld !== null) return
    const context = fillResponseContext(this, client, 'none', this.engine.date)
    client.write(rewriteResponse(head, responseOptions, context))
    // Only what the client receives is progress: a response withheld from it does not extend the deadline.
    if (this.request === 'whole') upstream.deadline.set('responseHeadMs', settings.deadlines.responseHeadMs)
  }

  // (7) rewrite ------------------------------------------------------------------------------------------------------

  private rewriteResponse(head: ResponseHead): void {
    const { client } = this
    client.judge(head.framing, this.contentRead, this.settings)
    this.watched?.keepResponse(head.lines, client.verdict, this.engine.date())
    const context = fillResponseContext(this, client, client.framing, this.engine.date)
    client.head(rewriteResponse(head, responseOptions, context))
  }

  // (8) body ---------------------------------------------------------------------------------------------------------

  onResponseContent(bytes: Buffer, from: number, to: number, text: string): void {
    this.responseContent += to - from
    this.client.content(bytes, from, to, this.upstream!.isStable(bytes), text)
  }

  onResponseEnd(trailers: Lines | null): void {
    this.response = 'whole'
    const { client } = this
    if (trailers !== null) this.watched?.keepResponseTrailers(trailers.text)
    const passed = trailers !== null && client.takesTrailers
    client.end(passed ? keepTrailers(trailers, this.answered.names, this.routed?.responseEdits) : '')
  }

  flush(): void {
    if (!this.isOver) flush(this)
  }

  onUpstreamFlushed(): void {
    upstreamFlushed(this)
  }

  onClientFlushed(): void {
    clientFlushed(this)
  }

  // (9) judge, release -----------------------------------------------------------------------------------------------

  onResponseRead(bytes: Buffer, at: number, to: number): void {
    const upstream = this.upstream!
    this.client.flush()
    if (this.switched) {
      this.tunnel(upstream, at < to ? Buffer.from(bytes.subarray(at, to)) : null)
      return
    }
    upstream.restsFor(this.client.taker)
    this.upstream = null
    this.upstreamVerdict = upstream.release(this.request === 'whole' && !this.early, at < to)
    this.settle(upstream.readAt)
  }

  /** The response is complete: the exchange ends, even if the rest of the request has not been read. */
  settle(now: number = this.settings.clock.now()): void {
    if (this.isOver) return
    const { client } = this
    if (this.request !== 'whole' && client.verdict === 'keep') client.verdict = 'content-unread'
    this.over(this.outcome(), this.error?.side ?? (this.pool === null ? 'proxy' : 'upstream'))
    client.finish(now)
  }

  private outcome(): Outcome {
    const { error } = this
    if (error === null) return this.pool === null ? 'refused' : 'complete'
    if (error.deadline !== undefined) return 'timeout'
    return error.side === 'client' || error.stage === 'route' ? 'refused' : 'failed'
  }

  /** Does the final accounting of this exchange, once. */
  over(outcome: Outcome, endedBy: 'client' | 'upstream' | 'proxy'): void {
    if (this.isOver) return
    this.isOver = true
    const { engine } = this
    engine.counts.active--
    this.tries.endBudget()
    this.ungather()
    if (this.isCounted) engine.underWay.end(this.client.peer.site)
    if (engine.phases !== null) engine.phases.note(this, this.settings.clock.now())
    if (this.error !== null) countFailure(engine.counts, this.error)
    this.onAbandoned?.()
    if (this.request === 'none' && this.status === 0) return
    if (engine.recorded || this.settings.tracer !== null) tell(engine, this, this.span, outcome, endedBy)
    if (engine.watcher !== null) engine.watcher.ended(this, outcome)
  }

  // What can go wrong ------------------------------------------------------------------------------------------------

  /** Sends a response of our own. If part of the request is still to come, it is not read, and the connection closes. */
  respond(answer: Answer): void {
    const { client } = this
    this.response = 'whole'
    client.judge('length', this.contentRead, this.settings)
    if (answer.kind === 'problem' && answer.closes !== undefined) client.verdict = answer.closes
    const { status, text } = answerText(answer, this, client, this.engine.date())
    this.status = status
    this.watched?.keepOwn(text)
    client.write(text)
    if (this.request === 'whole' || client.verdict !== 'keep') this.settle()
  }

  /** The content of the request has been read to its end, or there is none. */
  private get contentRead(): boolean {
    return this.request === 'whole' || this.asked.framing === 'none'
  }

  /** No response can be obtained, or not the rest of it: sends a 4xx or 5xx of our own, or breaks off the response. */
  fail(error: ProxyError, upstreamReason: CloseReason = 'client-gone', closes?: CloseReason): void {
    if (this.isOver) return
    this.error ??= error
    noteFailure(this.pool, error, this)
    this.dropUpstream(upstreamReason)
    const { client } = this
    if (this.response === 'begun' && !client.takeBack()) {
      client.verdict = 'response-truncated'
      this.over(error.deadline === undefined ? 'upstream-aborted' : 'timeout', error.side)
      client.abort('response-truncated', false, error.told(this.settings.door))
      return
    }
    const what = publicText(error, this.settings)
    const answer = { kind: 'problem', error: error.type, status: error.status, what, todo: '' } as const
    this.respond(closes === undefined ? answer : { ...answer, closes })
    client.flush()
  }

  /** Aborts the upstream connection, which cannot be reused: its request or its response was cut off. */
  dropUpstream(reason: CloseReason): void {
    this.pool?.withdraw(this)
    const { upstream } = this
    if (upstream === null) return
    this.upstream = null
    this.upstreamVerdict = reason
    upstream.abort(reason)
  }

  /** The client is gone, or as good as gone: no one will read a response. */
  abandon(reason: CloseReason, reset: boolean, error: ProxyError | null = null): void {
    this.error ??= error
    this.dropUpstream('client-gone')
    this.client.verdict = reason
    this.over('client-aborted', 'client')
    this.client.abort(reason, reset)
  }

  /** Sends the request again, on a fresh connection. */
  sendAgain(): void {
    const { tries } = this
    tries.stale = false
    tries.resent++
    tries.retries++
    this.engine.counts.retries++
    const now = this.settings.clock.now()
    this.acquire(true, now)
    this.goOn(now)
  }

  /** Its content is no longer held, or soon will not be. */
  private ungather(): void {
    if (this.upload !== null && this.upload.gathered > 0) ungather(this.engine.counts, this.upload)
  }

  onProtocolError(error: ProtocolError): void {
    if (!this.isOver) clientBroke(this, error)
  }

  onClientFin(): void {
    clientFinished(this)
  }

  onClientGone(reset: boolean): void {
    this.client.verdict = reset ? 'client-reset' : 'client-fin'
    this.dropUpstream('client-gone')
    this.over('client-aborted', 'client')
  }

  onClientDeadline(name: DeadlineName): void {
    clientTimedOut(this, name)
  }

  onUpstreamDeadline(name: DeadlineName): void {
    upstreamTimedOut(this, name)
  }

  onUpstreamProtocolError(error: ProtocolError): void {
    upstreamBroke(this, error)
  }

  onUpstreamFin(): void {
    upstreamFinished(this)
  }

  onUpstreamGone(error: NodeJS.ErrnoException | null): void {
    upstreamGone(this, error)
  }

  onFault(_fault: unknown): void {
    this.dropUpstream('internal-error')
    if (this.error === null)
      this.error = new ProxyError('proxy_internal_error', 'an internal error of this proxy', {
        stage: 'send',
        side: 'proxy',
      })
    try {
      this.over('failed', 'proxy')
    } finally {
      this.client.abort('internal-error', true)
    }
  }

  // Tunnels ----------------------------------------------------------------------------------------------------------

  /** After a 101 the two connections are one tunnel (RFC 9110 7.8). */
  private tunnel(upstream: UpstreamStream, surplus: Buffer | null): void {
    this.upstream = null
    const transport = upstream.becomeTunnel()
    const ended = (end: TunnelEnd): CloseReason => {
      const reason = end.reason === 'tunnel-ended' ? 'upgraded-ended' : end.reason
      upstream.tunnelEnded(reason)
      return reason
    }
    startTunnel(this, transport, surplus, ended, this.isWebSocket)
  }

  tunnelBegan(): void {
    this.engine.watcher?.tunnelled(this)
    this.isTunnel = true
    this.asked.text = '' // a tunnel may last for hours
    this.texts = null
  }

  tunnelEnded(reason: CloseReason, { endedBy, fromClient, fromUpstream }: TunnelEnd): void {
    this.requestContent += fromClient
    this.responseContent += fromUpstream
    this.client.verdict = this.upstreamVerdict = reason
    this.over('tunnel', endedBy)
  }
}
