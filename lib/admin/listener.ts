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
  /** Host names that it answers to, besides addresses and `localhost`: `hopwise`, `admin.internal`. */
  readonly hosts?: readonly string[]
  /** Concurrent live pages; more get 503. */
  readonly streamsMax?: number
  /** Connections that a live page shows on each side. */
  readonly shownMax?: number
  /** How long the source may take to answer, in milliseconds. */
  readonly sourceMs?: number
  readonly clock?: Clock
  readonly warn?: (message: string, cause: unknown) => void
}

export type AdminPlace = { host?: string; port: number } | { path: string } | { fd: number }

export interface Admin {
  /**
   * Starts listening; port 0 lets the system choose.
   * @returns `port` is 0 and `address` the path for a Unix socket
   * @throws an Error that says where it could not listen and why; its `cause` is Node's error, with `code`
   */
  listen(where: AdminPlace): Promise<{ address: string; port: number }>
  /** Ends everything at once, streams included. */
  close(): Promise<void>
}

/** The clients are browsers, scrapers and probes: few, near, and quick. */
const CONNECTIONS_MAX = 256
const SERVER_DEADLINES = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
}
/** A peer that takes nothing of an answer for this long is dropped. A stream writes each second. */
const SILENCE_MS = 70_000

/** An answer: its status, its media type, and its content as text or bytes. */
type Answer = readonly [status: number, type: string, content: string | Buffer, fields?: Record<string, string>]

const PLAIN = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'
const LEDGER = /^\/ledger\/([\w.:-]{1,64})$/
const PATHS = 'The paths are /, /healthz, /readyz, /metrics and /status.'

/** The listener for operators: health, metrics, status, the live page. It is read-only: nothing it serves changes anything. */
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
    // 100-continue announces content, and nothing here accepts any.
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
    response.on('error', () => {}) // a client that is gone needs no answer
    for (const [name, value] of Object.entries(SAFETY_FIELDS)) response.setHeader(name, value)
    try {
      const answer = this.refuse(request) ?? (await this.answer(pathOf(request), request, response))
      if (answer !== null) send(request, response, answer)
    } catch (fault) {
      this.warn(`the admin listener could not answer ${pathOf(request)}`, fault)
      const why = fault instanceof Error ? fault.message : String(fault)
      if (!response.headersSent) send(request, response, problem(500, `The data could not be collected: ${why}.`))
    }
  }

  /** Refuses a request that is not acceptable at any path; null: it is acceptable. */
  private refuse({ method, headers }: http.IncomingMessage): Answer | null {
    const host = headers.host ?? 'localhost' // HTTP/1.0 may omit it, browsers never do
    if (!isKnownHost(host, this.names))
      return problem(
        421,
        'Use an address, localhost, or a name listed in admin.hosts: any other name may belong to a web page that tries to read this data (DNS rebinding).',
      )
    if (method !== 'GET' && method !== 'HEAD')
      return problem(405, 'This listener is read-only: only GET and HEAD are allowed.', { Allow: 'GET, HEAD' })
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      return problem(413, 'Requests with content are not accepted here.')
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
    return file ? [200, file.type, file.bytes] : problem(404, `Not found. ${PATHS}`)
  }

  private stream({ method }: http.IncomingMessage, response: http.ServerResponse): Answer | null {
    if (this.streams.full)
      return problem(503, `${this.streams.open} live pages are open, which is the limit. Close one and try again.`, {
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
        `Exchange ${exchange} is no longer known: heads are kept for a short time, and only while a live page is open.`,
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

/** Announced content that was not read makes the connection unusable: it is closed. */
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
  const why = cause.code === 'EADDRINUSE' ? 'the address is already in use' : cause.message
  return new Error(`The admin listener cannot listen on ${place}: ${why} (${cause.code}). Change admin.address.`, {
    cause,
  })
}
