import type { Clock } from '../../net/clock.js'
import { Drain } from '../drain.js'
import { type Gateway, reasonsOf } from '../gateway-types.js'
import { type FromWorker, readToWorker, type ToWorker } from './worker-protocol.js'

/** What a worker is made of, once it knows its configuration. */
export interface WorkerParts<C> {
  gateway: Gateway<C>
  /** After each configuration that the gateway has accepted, except the first. */
  applied?(configuration: C): void
  /** Reopens the access log; if that fails, it says so in the log. */
  reopen(): void
  /** Waits for the last lines of the log. */
  end(): Promise<void>
}

/** The channel to the primary. */
export interface WorkerLine {
  /** Resolves when the message has left, or cannot. */
  send(message: FromWorker): Promise<void>
  /** Ends this process. */
  exit(code: number): void
}

/**
 * One worker, controlled by its primary: it starts, takes new configurations, answers, drains and ends. It decides nothing by
 * itself; signals are for the primary.
 */
export class Worker<C> {
  readonly #line: WorkerLine
  readonly #open: (configuration: C, worker: number) => WorkerParts<C>
  readonly #clock: Clock
  #parts: WorkerParts<C> | undefined

  /** `open` is called once, with the first message. */
  constructor(line: WorkerLine, open: (configuration: C, worker: number) => WorkerParts<C>, clock: Clock) {
    this.#line = line
    this.#open = open
    this.#clock = clock
  }

  /** @throws Error for an unknown message, or one that comes before the first: then an assumption is wrong */
  receive(value: unknown): Promise<void> {
    const message = readToWorker(value) as ToWorker<C> | null
    // Without its content: a configuration contains keys and password hashes.
    if (message === null)
      throw new Error(`a worker was sent an unknown message: ${String((value as { kind?: unknown } | null)?.kind)}`)
    if (message.kind === 'start') return this.#start(message)
    if (this.#parts === undefined) throw new Error(`a worker was asked to ${message.kind} before it was started`)
    return this.#obey(message, this.#parts)
  }

  async #start({ id, worker, configuration }: Extract<ToWorker<C>, { kind: 'start' }>): Promise<void> {
    try {
      this.#parts = this.#open(configuration, worker)
      const bound = await this.#parts.gateway.start(configuration)
      await this.#line.send({ kind: 'ready', id, bound })
    } catch (error) {
      await this.#line.send({ kind: 'refused', id, reasons: reasonsOf(error) })
      await this.#parts?.end()
      this.#line.exit(1)
    }
  }

  async #obey(message: Exclude<ToWorker<C>, { kind: 'start' }>, parts: WorkerParts<C>): Promise<void> {
    const { gateway, reopen } = parts
    const answer = (id: number, value: Extract<FromWorker, { kind: 'answer' }>['value']) =>
      this.#line.send({ kind: 'answer', id, value })
    switch (message.kind) {
      case 'reload':
        return this.#reload(message.id, message.configuration, parts)
      case 'drain':
        return this.#drain(message, gateway)
      case 'stats':
        return answer(message.id, await gateway.stats())
      case 'snapshot':
        return answer(message.id, gateway.snapshot(message.max))
      case 'ledger':
        return answer(message.id, gateway.ledger(message.exchange))
      case 'watched':
        gateway.watched(message.on)
        return
      case 'reopen':
        reopen()
        return
    }
  }

  async #reload(id: number, configuration: C, { gateway, applied }: WorkerParts<C>): Promise<void> {
    try {
      const summary = await gateway.update(configuration)
      applied?.(configuration)
      await this.#line.send({ kind: 'reloaded', id, summary })
    } catch (error) {
      await this.#line.send({ kind: 'refused', id, reasons: reasonsOf(error) })
    }
  }

  #draining: Promise<void> | undefined

  #drain(times: Extract<ToWorker<C>, { kind: 'drain' }>, gateway: Gateway<C>): Promise<void> {
    this.#draining ??= this.#toTheEnd(times, gateway)
    return this.#draining
  }

  async #toTheEnd(times: Extract<ToWorker<C>, { kind: 'drain' }>, gateway: Gateway<C>): Promise<void> {
    await new Drain(gateway, this.#clock).begin(times)
    await this.#parts?.end()
    await this.#line.send({ kind: 'drained', stats: await gateway.stats() })
    this.#line.exit(0)
  }
}
