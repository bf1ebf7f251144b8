import type { Origin } from '../../link/origin.js'
import type { ProxyError } from '../../link/proxy-error.js'
import { ProtocolError } from '../../wire/protocol-error.js'
import { writeProxyPreface } from '../../wire/proxy-protocol.js'
import type { ResponseHead } from '../../wire/response-head.js'
import { ResponseReader, type ResponseSink } from '../../wire/response-reader.js'
import type { Clock, Timer } from '../clock.js'
import type { Address } from '../names/resolver.js'
import type { Transport } from '../socket/transport.js'
import { type DialOwner, type DialSettings, type DialTarget, dial, dialError } from './dial.js'
import { whenRead } from './unasked.js'

/** What a server is asked, and what it must answer to count as well. */
export interface HealthCheckSettings {
  /** Origin-form, with a query perhaps. */
  readonly path: string
  /** The value of Host; '': that of the origin. */
  readonly host: string
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS'
  /** From the beginning of one check to that of the next, in ms. */
  readonly intervalMs: number
  /** For the whole check, in ms: name, connection, TLS, and the head of the response. */
  readonly timeoutMs: number
  /** Pairs of first and last. */
  readonly statuses: readonly (readonly [number, number])[]
}

export interface HealthCheckOptions extends HealthCheckSettings {
  readonly origin: Origin
  /** Where the server is; null: the origin's host is located for each check. */
  readonly addresses: readonly Address[] | null
  /** @returns ends the wait: `done` is not called then; null: it was called */
  locate(
    host: string,
    port: number,
    done: (error: ProxyError | null, addresses: readonly Address[]) => void,
  ): (() => void) | null
  readonly dial: DialSettings
  /** Begin with a header that says: I speak for myself. */
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly clock: Clock
  /** A number from 0 to 1: members that came together are not asked together. */
  random(): number
  /** @param detail one sentence, for the log */
  onResult(ok: boolean, detail: string): void
  /** `onResult` threw, or we did: a defect of ours. */
  onFault(fault: unknown): void
}

/**
 * Asks one server at intervals whether it is well, each time on a connection of its own: so it is proved that new ones can be made. Never
 * more than one check is under way. Only the head of the response is read.
 */
export class HealthCheck {
  private readonly request: string
  private readonly preface: Buffer | null
  private timer: Timer | null = null
  private check: Check | null = null
  private running = false

  /** @throws when method, path or host would not make one request */
  constructor(readonly options: HealthCheckOptions) {
    const { method = 'GET', path, origin, proxyProtocol } = options
    const host = options.host === '' ? origin.authority : options.host
    for (const [what, text] of Object.entries({ path, host })) {
      if (!/^[\x21-\x7e]+$/.test(text)) throw new TypeError(`${what} of a health check is ${JSON.stringify(text)}`)
    }
    const fields = [`Host: ${host}`, 'User-Agent: hopwise-health-check', 'Accept: */*', 'Connection: close']
    this.request = `${method} ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`
    this.preface = proxyProtocol === 'off' ? null : writeProxyPreface(proxyProtocol === 'v1' ? 1 : 2, 'local')
  }

  /** The first check comes within the first interval, at a random time. */
  start(): void {
    if (this.running) return
    this.running = true
    this.after(this.options.random() * this.options.intervalMs)
  }

  /** Nothing is told any more. */
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

/** One check. Tells its result once, unless it is ended before. */
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

  /** Nobody wants the result any more. */
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
    if (this.stage === 'response' && this.reader.started)
      return `the response did not get beyond its beginning within ${timeoutMs} ms`
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
      this.settle(false, 'the server sent something before it was asked')
      return
    }
    try {
      this.reader.consume(bytes, from, to, this)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.settle(false, `the response is not HTTP: ${error.message}`)
    }
  }

  /** Interim responses say nothing of how the server is. */
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
    this.settle(false, `the server closed the connection ${this.reader.started ? 'in mid-head' : 'without a response'}`)
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
