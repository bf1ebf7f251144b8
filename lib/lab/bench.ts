import { setMaxListeners } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { type ClientOptions, LabClient } from './client.js'
import type { Bar, Figure, Happening, Party, PartyKind } from './events.js'
import { LabOrigin, type OriginOptions } from './origin.js'
import { openProxy, type ProxyChoice } from './proxies.js'
import { openRelay, type Shape } from './relay.js'
import { type RunClock, RunningClock } from './running-clock.js'
import { type Said, said } from './said.js'
import { type Told, WireLog } from './wire-log.js'

/** A place to connect to: an origin, a proxy, a relay. */
export interface Place {
  /** The party whose lifeline it is. */
  readonly party: string
  readonly port: number
  /** 127.0.0.1 when not given. */
  readonly host?: string
  /** It reports its connections itself; a proxy does not. */
  readonly observes: boolean
  /** Called before a party connects: which one, and whether it reports the connection itself, so that each is reported once. */
  expect(party: string, told?: boolean): void
}

/** The shortest patience for something that should come at once: on a busy machine it may still take time. */
const PATIENCE_MS_MIN = 20_000

/** The tools of an experiment. Everything that it opens here is closed when the run is over, however it ends. */
export class Bench {
  private readonly began: number
  private readonly closers = new Set<() => unknown>()
  private closing = false
  private setAt: number | null = null

  constructor(
    /** The factor of every wait. */
    readonly scale: number,
    /** Aborted when the run is cancelled. All code that waits must listen to it. */
    readonly signal: AbortSignal,
    private readonly tell: (what: Happening) => void,
    /** The clock of all waits in this run. */
    readonly clock: RunClock = new RunningClock(),
  ) {
    this.began = clock.real()
    // All code that waits listens to it, and many waits may run at once.
    setMaxListeners(0, signal)
  }

  /** ms since the run began. */
  now(): number {
    return this.clock.real() - this.began
  }

  /**
   * The time of an event that happens now, in ms since the run began. Scenes that are set in one turn of the event loop begin
   * together, however long the machine takes from one to the next: all events until the end of that turn get the time at which
   * the first of them was set.
   */
  get moment(): number {
    return this.setAt ?? this.now()
  }

  /** Converts ms of the story to real ms. */
  ms(storyMs: number): number {
    return storyMs * this.scale
  }

  /**
   * Real ms to wait for something that should come at once: so many ms of the story, but never less than a busy machine may need.
   */
  patienceMs(storyMs: number): number {
    return Math.max(this.ms(storyMs), PATIENCE_MS_MIN)
  }

  /** Waits so many ms of the story. @throws the reason, when the run is cancelled */
  sleep(storyMs: number): Promise<void> {
    return this.wait(this.ms(storyMs))
  }

  /** Waits so many real ms in which this machine lets us run. @throws the reason, when the run is cancelled */
  wait(realMs: number): Promise<void> {
    const { clock, signal } = this
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const aborted = () => {
        timer.cancel()
        reject(signal.reason)
      }
      const timer = clock.hold(realMs, () => {
        signal.removeEventListener('abort', aborted)
        resolve()
      })
      signal.addEventListener('abort', aborted, { once: true })
    })
  }

  /** @param parties from left to right */
  scene(id: string, title: Said, parties: readonly Party[]): Scene {
    if (this.setAt === null) {
      this.setAt = this.now()
      setImmediate(() => {
        this.setAt = null
      })
    }
    this.tell({ kind: 'scene', scene: id, title, parties })
    // Ends that only happen because the run is over are not part of the story.
    return new Scene(this, id, this.setAt, what => this.closing || this.tell({ ...what, scene: id } as Happening))
  }

  /** `close` is called when the run is over, or at once if it already is; it must accept things that are already closed. */
  own(close: () => unknown): void {
    if (this.closing) close()
    else this.closers.add(close)
  }

  /** @throws if the run is over: anything opened after that would never be closed */
  mustGoOn(): void {
    if (this.closing) throw new Error('The run is over.')
  }

  /** Listens on 127.0.0.1, on a port that the system chooses unless one is given. @throws the listen error; if the run is over */
  async listen(server: Server, port = 0): Promise<number> {
    this.mustGoOn()
    this.own(() => server.close())
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
  }

  /** Closes everything that was opened. */
  async close(): Promise<void> {
    this.closing = true
    await Promise.allSettled([...this.closers].map(async close => close()))
    this.closers.clear()
    this.clock.stop()
  }
}

/** The interval between two checks whether a party still waits, in ms of the story. */
const LOOK_EVERY_MS = 20

/** One set of lifelines and the parties on them. */
export class Scene {
  private connections = 0
  private readonly waiting = new Map<string, string>()

  constructor(
    readonly bench: Bench,
    readonly id: string,
    private readonly setAt: number,
    private readonly tell: (what: Told) => unknown,
  ) {}

  /** ms since this scene was set: the unit of bars. */
  now(): number {
    return this.bench.now() - this.setAt
  }

  origin(options: OriginOptions = {}): Promise<LabOrigin> {
    return LabOrigin.open(this, options)
  }

  /** A proxy in front of `to`. Between two proxies there is a relay, which sees what they send to each other. */
  async proxy(choice: ProxyChoice): Promise<Place> {
    const { party = 'proxy', to } = choice
    const next = to.observes ? to : await openRelay(this, party, to)
    next.expect(party)
    return openProxy(this, { ...choice, party, to: next })
  }

  /** A line from `from` to `to` that is slower than loopback. */
  relay(from: string, to: Place, shape: Shape): Promise<Place> {
    return openRelay(this, from, to, shape)
  }

  /** A connected client. @throws the connect error */
  client(options: ClientOptions): Promise<LabClient> {
    options.to.expect(options.party ?? 'client', true)
    return LabClient.connect(this, options)
  }

  /**
   * A log for a connection that other code opens, with the next name; it reports nothing if the other end reports the connection.
   */
  wire(from: string, to: string, told = false): WireLog {
    if (told) return new WireLog(() => {}, '', { from, to })
    this.connections += 1
    return new WireLog(this.tell, `c${this.connections}`, { from, to })
  }

  step(n: number, text: Said, party?: string): void {
    this.tell({ kind: 'step', n, text, ...(party ? { party } : {}) })
  }

  note(text: Said, party?: string): void {
    this.tell({ kind: 'note', text, ...(party ? { party } : {}) })
  }

  figure(id: string, label: Said, value: number, unit: Figure['unit']): void {
    this.tell({ kind: 'figure', id, label, value: unit === 'ms' ? thousandths(value) : value, unit })
  }

  bar(bar: Omit<Bar, 'kind' | 'scene'>): void {
    this.tell({ kind: 'bar', ...bar, from: thousandths(bar.from), to: thousandths(bar.to) })
  }

  waits(who: string, on: string, what: Said): void {
    this.waiting.set(who, on)
    this.tell({ kind: 'waits', who, on, what })
  }

  /** Which party waits for which at this moment, for `hangIn`. */
  get waitingNow(): ReadonlyMap<string, string> {
    return this.waiting
  }

  /** Resolves when the party no longer waits, or after so many ms of the story. @throws the reason, when the run is cancelled */
  async untilGoesOn(who: string, storyMs: number): Promise<void> {
    const { clock } = this.bench
    for (const until = clock.now() + this.bench.ms(storyMs); this.waiting.has(who) && clock.now() < until; )
      await this.bench.sleep(LOOK_EVERY_MS)
  }

  /** Reported only if the party was waiting. */
  goesOn(who: string): void {
    if (this.waiting.delete(who)) this.tell({ kind: 'goes-on', who })
  }
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

const NAMES: Readonly<Record<PartyKind, Said>> = {
  client: said('client', '클라이언트'),
  dumb: said('dumb proxy', '멍청한 프록시'),
  stock: said('stock http-proxy', '기본 http-proxy'),
  hopwise: said('hopwise', 'hopwise'),
  smart: said('smart proxy', '똑똑한 프록시'),
  relay: said('relay', '중계기'),
  origin: said('origin server', '원 서버'),
  nginx: said('nginx', 'nginx'),
  curl: said('curl', 'curl'),
}

/** A party of a kind; `id` is needed if a scene has two parties with the same role. */
export function party(what: PartyKind, id?: string, name: Said = NAMES[what]): Party {
  const role =
    what === 'client' || what === 'curl' ? 'client' : what === 'origin' || what === 'nginx' ? 'origin' : 'proxy'
  return { id: id ?? role, role, what, name }
}
