import type { Origin } from '../../link/origin.js'
import type { ProxyError } from '../../link/proxy-error.js'
import { OptionError } from '../../policy/option-error.js'
import { ProtocolError } from '../../wire/protocol-error.js'
import { writeProxyPreface } from '../../wire/proxy-protocol.js'
import type { ResponseHead } from '../../wire/response-head.js'
import { ResponseReader, type ResponseSink } from '../../wire/response-reader.js'
import type { Clock, Timer } from '../clock.js'
import type { Address } from '../names/resolver.js'
import type { Transport } from '../socket/transport.js'
import { type DialOwner, type DialSettings, type DialTarget, dial, dialError } from './dial.js'
import { whenRead } from './unasked.js'

/** The request of a health check, and the response that makes a server count as healthy. */
export interface HealthCheckSettings {
  /** In origin-form, possibly with a query. */
  readonly path: string
  /** The value of Host; '': that of the origin. */
  readonly host: string
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS'
  /** From the start of one check to the start of the next, in ms. */
  readonly intervalMs: number
  /** For the whole check, in ms: name lookup, connection, TLS, and the response head. */
  readonly timeoutMs: number
  /** Ranges, each with its first and last status. */
  readonly statuses: readonly (readonly [number, number])[]
}

export interface HealthCheckOptions extends HealthCheckSettings {
  readonly origin: Origin
  /** The server's addresses; null: the origin's host is located again for each check. */
  readonly addresses: readonly Address[] | null
  /** @returns ends the wait: `done` is not called then; null: it was called */
  locate(
    host: string,
    port: number,
    done: (error: ProxyError | null, addresses: readonly Address[]) => void,
  ): (() => void) | null
  readonly dial: DialSettings
  /** Begin with a PROXY protocol header that says the proxy connects on its own behalf (LOCAL, or UNKNOWN in v1). */
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly clock: Clock
  /** A number from 0 to 1: jitter, so that members added together are not checked together. */
  random(): number
  /** @param detail one sentence, for the log */
  onResult(ok: boolean, detail: string): void
  /** `onResult` or the check itself threw: a defect of the proxy. */
  onFault(fault: unknown): void
}

/**
 * Checks the health of one server at intervals, each time on a new connection, which proves that connections can be made. At most
 * one check is in progress. Only the head of the response is read.
 */
export class HealthCheck {
  private readonly request: string
  private readonly preface: Buffer | null
  private timer: Timer | null = null
  private check: Check | null = null
  private running = false

  /** @throws when path or host would not make a valid request */
  constructor(readonly options: HealthCheckOptions) {
    const { method = 'GET', path, origin, proxyProtocol } = options
    const host = options.host === '' ? origin.authority : options.host
    for (const [what, text] of Object.entries({ path, host })) {
      if (!/^[\x21-\x7e]+$/.test(text))
        throw new OptionError(`${what} of a health check must be visible ASCII: ${JSON.stringify(text)}`)
    }
    const fields = [`Host: ${host}`, 'User-Agent: hopwise-health-check', 'Accept: */*', 'Connection: close']
    this.request = `${method} ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`
    this.preface = proxyProtocol === 'off' ? null : writeProxyPreface(proxyProtocol === 'v1' ? 1 : 2, 'local')
  }

  /** The first check runs at a random time within the first interval. */
  start(): void {
    if (this.running) return
    this.running = true
    this.after(this.options.random() * this.options.intervalMs)
  }

  /** No more results are reported. */
  stop(): void {
    this.running = false
    this.timer?.cancel()
    this.timer = null
    this.check?.end()
    this.check = null
  }

  private after(ms: number): void {
    this.timer = this.options.clock.after(ms, () => this.ask())
  }

  private ask(): void {
    const { clock, intervalMs, onFault } = this.options
    const began = clock.now()
    this.check = new Check(this.options, this.request, this.preface, (ok, detail) => {
      this.check = null
      this.after(Math.max(0, began + intervalMs - clock.now()))
      try {
        this.options.onResult(ok, detail)
      } catch (fault) {
        onFault(fault)
      }
    })
    this.check.begin()
  }
}

/** One check. Reports its result once, unless it is ended first. */
class Check implements DialOwner, ResponseSink {
  private readonly reader = new ResponseReader()
  private readonly target: DialTarget
  private readonly timer: Timer
  private transport: Transport | null = null
  private endLookup: (() => void) | null = null
  private isOver = false
  private asked = false
  private stage: 'name' | 'connection' | 'TLS handshake' | 'response' = 'name'

  constructor(
    private readonly options: HealthCheckOptions,
    private readonly request: string,
    preface: Buffer | null,
    private readonly result: (ok: boolean, detail: string) => void,
  ) {
    const { origin, clock, timeoutMs, method = 'GET' } = options
    const { host, port, scheme, socketPath } = origin
    this.target = {
      ...{ host, port, secure: scheme === 'https', addresses: [] },
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(preface === null ? {} : { preface }),
    }
    this.reader.expect(method)
    this.timer = clock.after(timeoutMs, () => this.settle(false, this.late()))
  }

  begin(): void {
    const { addresses, origin } = this.options
    if (origin.socketPath !== undefined) this.connect([])
    else if (addresses !== null) this.connect(addresses)
    else {
      this.endLookup = this.options.locate(origin.host, origin.port, (error, found) => {
        this.endLookup = null
        if (this.isOver) return
        if (error !== null) this.settle(false, error.message)
        else this.connect(found)
      })
    }
  }

  private connect(addresses: readonly Address[]): void {
    this.stage = 'connection'
    this.transport = dial({ ...this.target, addresses }, this.options.dial, this)
  }

  /** Ends the check without reporting a result. */
  end(): void {
    this.isOver = true
    this.timer.cancel()
    this.endLookup?.()
    this.transport?.destroy()
  }

  private settle(ok: boolean, detail: string): void {
    if (this.isOver) return
    this.end()
    this.result(ok, detail)
  }

  private late(): string {
    const { timeoutMs } = this.options
    if (this.stage === 'response' && this.reader.started) return `no complete response head within ${timeoutMs} ms`
    return `no ${this.stage === 'name' ? 'address' : this.stage} within ${timeoutMs} ms`
  }

  onSecuring(): void {
    this.stage = 'TLS handshake'
  }

  onConnected(): void {
    this.stage = 'response'
    const transport = this.transport!
    whenRead(() =>
      transport.tell(() => {
        if (this.isOver) return
        this.asked = true
        transport.write(this.request)
        transport.flush()
      }),
    )
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (this.isOver) return
    if (!this.asked) {
      this.settle(false, 'the server sent data before the request')
      return
    }
    try {
      this.reader.consume(bytes, from, to, this)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.settle(false, `the response is not HTTP: ${error.message}`)
    }
  }

  /** Interim responses say nothing about the server's health. */
  onResponseHead({ status }: ResponseHead): void {
    if (status < 200 && status !== 101) return
    const { statuses } = this.options
    const isGood = statuses.some(([first, last]) => status >= first && status <= last)
    const wanted = statuses.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(', ')
    this.settle(isGood, isGood ? `status ${status}` : `status ${status} is not one of ${wanted}`)
  }

  onResponseContent(): void {}
  onResponseEnd(): void {}

  onFin(): void {
    this.settle(
      false,
      `the server closed the connection ${this.reader.started ? 'in the middle of a response head' : 'without a response'}`,
    )
  }

  onFlushed(): void {}

  onClosed(error: NodeJS.ErrnoException | null): void {
    if (this.stage !== 'response')
      this.settle(false, dialError(error, this.target, this.stage === 'TLS handshake').message)
    else this.settle(false, `the connection was lost before a response: ${error?.code ?? 'closed'}`)
  }

  onFault(fault: unknown): void {
    this.options.onFault(fault)
    this.settle(false, 'the check itself failed')
  }
}
