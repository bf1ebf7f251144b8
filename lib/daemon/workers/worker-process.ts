import type { Clock, Timer } from '../../net/clock.js'
import {
  type BoundAddress,
  type DrainTimes,
  type GatewayStats,
  RefusedError,
  type ReloadSummary,
} from '../gateway-types.js'
import { type FromWorker, type Reply, type ReplyKind, readFromWorker, type ToWorker } from './worker-protocol.js'

/** A process that was started, seen from outside. */
export interface ForkedProcess {
  readonly pid: number | undefined
  /** Does nothing when the process is gone. */
  send(message: ToWorker): void
  kill(): void
}

export interface ForkEvents {
  message(message: unknown): void
  /** `how` in words: `code 70`, `SIGKILL`. Once. */
  exit(how: string): void
}

/** Starts a process; its events come later, never before it returns. */
export type Fork = (worker: number, events: ForkEvents) => ForkedProcess

/** A worker did not do what it was asked: it died, did not answer, or sent something unintelligible. */
export class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
}

interface Awaited {
  readonly kind: ReplyKind
  readonly timer: Timer
  done(reply: FromWorker): void
  failed(error: Error): void
}

/** One worker, as the primary sees it: sends it requests, and knows what became of it. */
export class WorkerProcess<C> {
  state: 'starting' | 'ready' | 'draining' | 'over' = 'starting'
  /** It replaces another worker that still serves: until that one goes, it is one more than wanted. */
  isExtra = false
  /** Its end is intended. */
  isLeaving = false
  /** The configuration that it accepted last. */
  configuration: C | undefined
  /** The last known counts, which remain when it is gone. */
  lastStats: GatewayStats | undefined
  /** Resolves with how it ended. */
  readonly exited: Promise<string>
  readonly #process: ForkedProcess
  readonly #clock: Clock
  readonly #awaited = new Map<number, Awaited>()
  #asked = 0
  #exit: (how: string) => void = () => {}

  constructor(
    readonly number: number,
    fork: Fork,
    clock: Clock,
  ) {
    this.#clock = clock
    this.exited = new Promise(exit => {
      this.#exit = exit
    })
    this.#process = fork(number, { message: it => this.#heard(it), exit: how => this.#ended(how) })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** @throws RefusedError when it cannot listen, WorkerFailure */
  async start(configuration: C, withinMs: number): Promise<readonly BoundAddress[]> {
    const { number: worker } = this
    const { bound } = await this.#ask('ready', id => ({ kind: 'start', id, worker, configuration }), withinMs)
    this.configuration = configuration
    this.state = 'ready'
    return bound
  }

  /** @throws RefusedError: it continues as before; WorkerFailure: its state is unknown */
  async reload(configuration: C, withinMs: number): Promise<ReloadSummary> {
    const { summary } = await this.#ask('reloaded', id => ({ kind: 'reload', id, configuration }), withinMs)
    this.configuration = configuration
    return summary
  }

  /** @throws WorkerFailure */
  async ask(question: Question, withinMs: number): Promise<Reply<'answer'>['value']> {
    const { value } = await this.#ask('answer', id => ({ ...question, id }), withinMs)
    return value
  }

  tell(message: Extract<ToWorker, { kind: 'watched' | 'reopen' }>): void {
    this.#process.send(message)
  }

  drain(times: DrainTimes): void {
    this.state = 'draining'
    this.isLeaving = true
    this.#process.send({ kind: 'drain', ...times })
  }

  /** `isWanted`: it is not to be replaced. */
  kill({ isWanted = false } = {}): void {
    if (isWanted) this.isLeaving = true
    this.#process.kill()
  }

  #ask<K extends ReplyKind>(kind: K, question: (id: number) => ToWorker, withinMs: number): Promise<Reply<K>> {
    if (this.state === 'over') return Promise.reject(new WorkerFailure(`worker ${this.number} is gone`))
    const id = ++this.#asked
    return new Promise((done, failed) => {
      const timer = this.#clock.after(withinMs, () => {
        this.#awaited.delete(id)
        failed(new WorkerFailure(`worker ${this.number} did not answer within ${withinMs} ms`))
      })
      this.#awaited.set(id, { kind, timer, done: reply => done(reply as Reply<K>), failed })
      this.#process.send(question(id))
    })
  }

  #heard(value: unknown): void {
    const message = readFromWorker(value)
    if (message === null) {
      this.#giveUp(`worker ${this.number} sent an unknown message`)
      this.kill() // whatever runs there, it is not the worker that was started
    } else if (message.kind === 'drained') this.lastStats = message.stats
    else this.#settle(message)
  }

  #settle(message: Exclude<FromWorker, { kind: 'drained' }>): void {
    const awaited = this.#awaited.get(message.id)
    if (awaited === undefined) return // too late
    this.#awaited.delete(message.id)
    awaited.timer.cancel()
    if (message.kind === 'refused') awaited.failed(new RefusedError(message.reasons))
    else if (message.kind === awaited.kind) awaited.done(message)
    else awaited.failed(new WorkerFailure(`worker ${this.number} answered ${message.kind}, not ${awaited.kind}`))
  }

  #ended(how: string): void {
    this.state = 'over'
    this.#giveUp(`worker ${this.number} ended (${how})`)
    this.#exit(how)
  }

  #giveUp(why: string): void {
    for (const { timer, failed } of this.#awaited.values()) {
      timer.cancel()
      failed(new WorkerFailure(why))
    }
    this.#awaited.clear()
  }
}

export type Question =
  | { readonly kind: 'stats' }
  | { readonly kind: 'snapshot'; readonly max: number }
  | { readonly kind: 'ledger'; readonly exchange: string }
