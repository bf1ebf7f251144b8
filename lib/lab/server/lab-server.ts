import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import type { Clock } from '../../net/clock.js'
import { readPageFiles } from '../../pages/page-files.js'
import { SAFETY_FIELDS } from '../../pages/safety-fields.js'
import type { Experiment } from '../experiment.js'
import { RunningClock } from '../running-clock.js'
import { admit } from './gate.js'
import { LAB_LIMITS, type LabLimits } from './limits.js'
import { Problem } from './problem.js'
import { sendProblem } from './reply.js'
import { Routes } from './routes.js'
import { RunStreams } from './run-streams.js'
import { Runs } from './runs.js'

export interface LabServerOptions {
  /** The address to listen on. Default: loopback only. */
  readonly host?: string
  /** 0: the system chooses. */
  readonly port: number
  /** Host names that are accepted, besides IP addresses and `localhost`. */
  readonly hosts?: readonly string[]
  /** The most runs at once. */
  readonly runsMax?: number
  readonly limits?: Partial<LabLimits>
  /** A module like `catalogue.ts`, which every run loads itself. */
  readonly catalogue?: string
  readonly clock?: Clock
  readonly warn?: (message: string, cause: unknown) => void
}

export interface LabServer {
  readonly address: string
  readonly port: number
  /** Stops all runs and closes everything. */
  close(): Promise<void>
}

const SERVER_DEADLINES = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
/** The interval of the server's clock, whose limits are seconds. Real ms. */
const LOOK_MS = 100
const PAGE = new URL('../page/', import.meta.url)
const CATALOGUE = new URL(`../catalogue${extname(import.meta.url)}`, import.meta.url).href

/**
 * Serves the page of the laboratory, and runs the experiments that are requested there, on sockets of this machine's loopback.
 * Each run has its own thread. A visitor chooses what happens among the parties, never which machines they talk to.
 * @throws an Error that says where it could not listen and why; its `cause` is Node's error, with `code`
 */
export async function serveLab(options: LabServerOptions): Promise<LabServer> {
  const { catalogue = CATALOGUE } = options
  const { EXPERIMENTS } = (await import(catalogue)) as { EXPERIMENTS: readonly Experiment[] }
  return new Serving(options, EXPERIMENTS, catalogue).listen()
}

class Serving {
  private readonly server: http.Server
  private readonly runs: Runs
  private readonly streams: RunStreams
  private readonly routes: Routes
  private readonly names: ReadonlySet<string>
  /** So that no peer counts as gone or slow because this machine did not let us run. */
  private readonly ownClock = new RunningClock(LOOK_MS)

  constructor(
    private readonly options: LabServerOptions,
    experiments: readonly Experiment[],
    catalogue: string,
  ) {
    const { clock = this.ownClock, hosts = [], runsMax = LAB_LIMITS.runsMax } = options
    const limits = { ...LAB_LIMITS, runsMax, ...options.limits }
    this.runs = new Runs({ limits, clock, warn: (message, cause) => this.warn(message, cause) })
    this.streams = new RunStreams({ limits, clock })
    const { runs, streams } = this
    this.routes = new Routes({ limits, runs, streams, files: readPageFiles(PAGE), experiments, catalogue })
    this.names = new Set(hosts.map(name => name.toLowerCase()))
    this.server = http.createServer(SERVER_DEADLINES, (request, response) => void this.serve(request, response))
    // A request with Expect gets its 100 where the content is read; before that it may be refused like any other.
    this.server.on('checkContinue', (request, response) => void this.serve(request, response))
    this.server.maxConnections = limits.connectionsMax
    this.server.setTimeout(limits.silenceMs)
  }

  listen(): Promise<LabServer> {
    const { host = '127.0.0.1', port } = this.options
    return new Promise((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => reject(listenError(`${host}:${port}`, cause))
      this.server.once('error', refused)
      this.server.listen({ host, port }, () => {
        this.server.off('error', refused)
        this.server.on('error', fault => this.warn('the page server of the laboratory reports an error', fault))
        const { address, port: bound } = this.server.address() as AddressInfo
        resolve({ address, port: bound, close: () => this.close() })
      })
    })
  }

  private async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()))
    this.streams.close()
    await this.runs.close()
    this.server.closeAllConnections()
    await closed
    this.ownClock.stop()
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    response.on('error', () => {}) // a peer that is gone needs no answer
    for (const [name, value] of Object.entries(SAFETY_FIELDS)) response.setHeader(name, value)
    try {
      admit(request, this.names)
      await this.routes.answer(request, response)
    } catch (fault) {
      if (!(fault instanceof Problem) && !request.errored) this.warn(`${request.url} could not be answered`, fault)
      sendProblem(request, response, fault)
    }
  }

  private warn(message: string, cause: unknown): void {
    this.options.warn?.(message, cause)
  }
}

function listenError(place: string, cause: NodeJS.ErrnoException): Error {
  const why = cause.code === 'EADDRINUSE' ? 'something else listens there' : cause.message
  return new Error(`The laboratory cannot listen on ${place}: ${why}${cause.code ? ` (${cause.code})` : ''}.`, {
    cause,
  })
}
