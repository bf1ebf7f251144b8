import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../net/clock.js'
import { inSlices } from '../net/slices.js'
import { isKnownHost } from '../pages/host-check.js'
import { readPageFiles } from '../pages/page-files.js'
import { SAFETY_FIELDS } from '../pages/safety-fields.js'
import { EventStreams } from './event-streams.js'
import { jsonSteps } from './json-steps.js'
import { shownLedger } from './look.js'
import { Metrics } from './metrics.js'
import type { AdminSource, Totals } from './source.js'
import { statusOf } from './status.js'
import { within } from './within.js'

export interface AdminOptions {
  readonly source: AdminSource
  /** Names under which it may be asked, beside addresses and `localhost`: `hopwise`, `admin.internal`. */
  readonly hosts?: readonly string[]
  /** Live pages at once; more get 503. */
  readonly streamsMax?: number
  /** Connections that a live page shows of each side. */
  readonly shownMax?: number
  /** How long the source may take to answer, in milliseconds. */
  readonly sourceMs?: number
  readonly clock?: Clock
  readonly warn?: (message: string, cause: unknown) => void
}

export type AdminPlace = { host?: string; port: number } | { path: string } | { fd: number }

export interface Admin {
  /**
   * Starts to listen; port 0 lets the system choose.
   * @returns `port` is 0 and `address` the path for a Unix socket
   * @throws an Error that says where it could not listen and why; its `cause` is Node's, with `code`
   */
  listen(where: AdminPlace): Promise<{ address: string; port: number }>
  /** Ends everything at once, streams included. */
  close(): Promise<void>
}

/** Whoever watches a proxy is a browser, a scraper or a probe: few, near, and quick. */
const CONNECTIONS_MAX = 256
const SERVER_DEADLINES = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
}
/** A peer that takes nothing of an answer for so long is dropped. A stream writes each second. */
const SILENCE_MS = 70_000

/** What is answered: a status, what it is, and the text or octets of it. */
type Answer = readonly [status: number, type: string, content: string | Buffer, fields?: Record<string, string>]

const PLAIN = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'
const LEDGER = /^\/ledger\/([\w.:-]{1,64})$/
const THERE = 'There are /, /healthz, /readyz, /metrics and /status.'

/** The listener for those who run the proxy: health, metrics, status, the live page. It serves nothing that changes anything. */
export function createAdmin(options: AdminOptions): Admin {
  return new AdminListener(options)
}

class AdminListener implements Admin {
  private readonly server: http.Server
  private readonly streams: EventStreams
  private readonly metrics = new Metrics()
  private readonly files = readPageFiles(new URL('page/', import.meta.url))
  private readonly names: ReadonlySet<string>
  private readonly source: AdminSource
  private readonly clock: Clock
  private readonly sourceMs: number

  constructor(private readonly options: AdminOptions) {
    const { source, hosts = [], clock = systemClock, streamsMax = 16, shownMax = 100, sourceMs = 5_000 } = options
    this.source = source
    this.clock = clock
    this.sourceMs = sourceMs
    this.names = new Set(hosts.map(name => name.toLowerCase()))
    const warn = (message: string, cause: unknown) => this.warn(message, cause)
    this.streams = new EventStreams({ source, clock, streamsMax, shownMax, sourceMs, warn })
    this.server = http.createServer(SERVER_DEADLINES, (request, response) => void this.serve(request, response))
    this.server.maxConnections = CONNECTIONS_MAX
    this.server.setTimeout(SILENCE_MS)
    // 100-continue asks for content, and nothing here takes any.
    this.server.on('checkContinue', (request, response) => void this.serve(request, response))
  }

  listen(where: AdminPlace): Promise<{ address: string; port: number }> {
    return new Promise((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => reject(listenError(where, cause))
      this.server.once('error', refused)
      this.server.listen(where, () => {
        this.server.off('error', refused)
        this.server.on('error', error => this.warn('the admin listener reports an error', error))
        const address = this.server.address() as AddressInfo | string
        resolve(typeof address === 'string' ? { address, port: 0 } : { address: address.address, port: address.port })
      })
    })
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.server.close(() => resolve())
      this.streams.close()
      this.server.closeAllConnections()
    })
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    response.on('error', () => {}) // who is gone needs no answer
    for (const [name, value] of Object.entries(SAFETY_FIELDS)) response.setHeader(name, value)
    try {
      const answer = this.refuse(request) ?? (await this.answer(pathOf(request), request, response))
      if (answer !== null) send(request, response, answer)
    } catch (fault) {
      this.warn(`the admin listener could not answer ${pathOf(request)}`, fault)
      const why = fault instanceof Error ? fault.message : String(fault)
      if (!response.headersSent) send(request, response, problem(500, `This could not be gathered: ${why}.`))
    }
  }

  /** What is no question for us, whatever it asks for. */
  private refuse({ method, headers }: http.IncomingMessage): Answer | null {
    const host = headers.host ?? 'localhost' // HTTP/1.0 may leave it out, browsers never do
    if (!isKnownHost(host, this.names))
      return problem(
        421,
        'This listener is asked by address, as localhost, or under a name in admin.hosts: another name may be that of a page that wants to read what stands here.',
      )
    if (method !== 'GET' && method !== 'HEAD')
      return problem(405, 'Nothing can be changed here: only GET and HEAD are answered.', { Allow: 'GET, HEAD' })
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      return problem(413, 'No content is taken here.')
    return null
  }

  /** null: the response is a stream now. */
  private async answer(
    path: string,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<Answer | null> {
    const { source } = this
    if (path === '/healthz') return [200, PLAIN, 'alive\n']
    if (path === '/readyz') {
      await this.within(source.lookForReadiness?.())
      return source.ready() ? [200, PLAIN, 'ready\n'] : problem(503, source.reasonNotReady())
    }
    if (path === '/metrics') {
      const totals = await this.totals()
      return [200, this.metrics.contentType, await this.metrics.text({ totals, ready: source.ready() })]
    }
    if (path === '/status') return [200, JSON_TYPE, `${await inSlices(jsonSteps(await this.status(), '  '))}\n`]
    if (path === '/events') return this.stream(request, response)
    const exchange = LEDGER.exec(path)?.[1]
    if (exchange !== undefined) return this.ledger(exchange)
    const file = this.files.get(path)
    return file ? [200, file.type, file.bytes] : problem(404, `Nothing is here. ${THERE}`)
  }

  private stream({ method }: http.IncomingMessage, response: http.ServerResponse): Answer | null {
    if (this.streams.full)
      return problem(503, `${this.streams.open} live pages are open, and no more are served at once. Close one.`, {
        'Retry-After': '10',
      })
    if (method === 'HEAD') return [200, 'text/event-stream; charset=utf-8', '']
    this.streams.add(response)
    return null
  }

  private async ledger(exchange: string): Promise<Answer> {
    const ledger = await this.within(this.source.ledger(exchange))
    if (ledger === null)
      return problem(
        404,
        `Nothing is known of exchange ${exchange} any more: heads are kept for a short while, and only while a live page is open.`,
      )
    return [200, JSON_TYPE, JSON.stringify(shownLedger(ledger))]
  }

  private async status() {
    const { source, clock } = this
    const totals = await this.totals()
    const ready = source.ready()
    return statusOf({ totals, ready, reason: source.reasonNotReady(), advice: source.advice(), now: clock.wallMs() })
  }

  private totals(): Promise<Totals> {
    return this.within(this.source.stats())
  }

  private within<T>(answer: T | Promise<T>): Promise<T> {
    return within(this.sourceMs, this.clock, answer)
  }

  private warn(message: string, cause: unknown): void {
    this.options.warn?.(message, cause)
  }
}

function pathOf({ url = '/' }: http.IncomingMessage): string {
  return url.split('?', 1)[0]!
}

function problem(status: number, sentence: string, fields: Record<string, string> = {}): Answer {
  return [status, PLAIN, `${sentence}\n`, fields]
}

/** Content that was announced and not read leaves the connection of no use. */
function send(request: http.IncomingMessage, response: http.ServerResponse, answer: Answer): void {
  const [status, type, content, fields] = answer
  const bytes = Buffer.from(content)
  const unread = request.complete || status < 400 ? {} : { Connection: 'close' }
  const length = type.startsWith('text/event-stream') ? {} : { 'Content-Length': bytes.length }
  response.writeHead(status, { 'Content-Type': type, ...length, ...fields, ...unread })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

function listenError(where: AdminPlace, cause: NodeJS.ErrnoException): Error {
  const place = 'path' in where ? where.path : 'fd' in where ? `fd:${where.fd}` : `${where.host ?? ''}:${where.port}`
  const why = cause.code === 'EADDRINUSE' ? 'something else listens there' : cause.message
  return new Error(`The admin listener cannot listen on ${place}: ${why} (${cause.code}). Change admin.address.`, {
    cause,
  })
}
