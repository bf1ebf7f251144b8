import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { DEADLINES, type DeadlineName } from '../link/deadlines.js'
import { PROXY_ERRORS, type ProxyStatusError } from '../link/proxy-error.js'
import { inSlices } from '../net/slices.js'
import { CLOSE_REASONS, type CloseReason } from '../policy/close-reason.js'
import { memberMetrics } from './member-metrics.js'
import { totalsHistogram } from './metrics-histogram.js'
import { STATUS_CLASSES, type Totals } from './source.js'

/** What `/metrics` is made of at the moment of a scrape. */
export interface Scraped {
  readonly totals: Totals
  readonly ready: boolean
}

/** One value with its labels. Every set of labels is bounded: by tables of ours, or by the servers in the file. */
type Value = readonly [labels: Readonly<Record<string, string>>, value: number]

/**
 * The metrics, in Prometheus' text format. Nothing is counted here: the values are those of the totals, copied when somebody
 * scrapes, so that a request costs nothing more than the totals do.
 */
export class Metrics {
  readonly contentType: string
  private readonly registry = new Registry()
  private readonly everything: Registry
  private scraped: Scraped | null = null

  constructor() {
    this.process()
    this.clients()
    this.upstreams()
    this.exchanges()
    this.everything = Registry.merge([this.registry, processMetrics()])
    this.contentType = this.everything.contentType
  }

  /** @returns the text of the answer; what `scraped` says is copied before this returns for the first time */
  async text(scraped: Scraped): Promise<string> {
    this.scraped = scraped
    const metrics = await this.everything.metrics()
    return `${metrics}\n${await inSlices(memberMetrics(scraped.totals.groups))}`
  }

  private process(): void {
    this.gauge(
      'build_info',
      'Always 1; the version is in the label.',
      ({ totals: { version } }) => [[{ version }, 1]],
      ['version'],
    )
    this.gauge(
      'start_time_seconds',
      'When the daemon began, in seconds since 1970.',
      one(t => t.startedAt / 1000),
    )
    this.gauge(
      'ready',
      '1 when /readyz says 200, 0 while it starts or drains, or a group that it needs is down.',
      it => [[{}, it.ready ? 1 : 0]],
    )
    this.gauge(
      'workers',
      'Processes that serve.',
      one(t => t.workers.running),
    )
    this.gauge(
      'workers_wanted',
      'Processes that should serve.',
      one(t => t.workers.wanted),
    )
    this.counter(
      'worker_restarts_total',
      'Workers that ended and were replaced.',
      one(t => t.workers.restarts),
    )
    this.counter(
      'reloads_total',
      'Changes of the configuration, by result.',
      ({ totals }) => entries('result', totals.reloads),
      ['result'],
    )
    const guards = ({ totals }: Scraped) => entries('guard', totals.guards)
    this.counter('guard_refusals_total', 'Requests and connections that a guard refused, by guard.', guards, ['guard'])
  }

  private clients(): void {
    const states = ({ totals: { client } }: Scraped) => entries('state', { active: client.active, idle: client.idle })
    this.gauge('client_connections', 'Open connections toward clients, by state.', states, ['state'])
    this.counter(
      'client_connections_accepted_total',
      'Connections that clients opened.',
      one(t => t.client.accepted),
    )
    this.counter(
      'client_connections_refused_total',
      'Connections refused because there were too many.',
      one(t => t.client.refused),
    )
    this.counter(
      'client_requests_total',
      'Requests whose head was complete.',
      one(t => t.client.requests),
    )
    this.closes('client', t => t.client.closes)
  }

  private upstreams(): void {
    const states = ({ totals: { upstream } }: Scraped) =>
      entries('state', {
        busy: upstream.busy,
        dialing: upstream.dialing,
        idle: upstream.idle,
        reserved: upstream.reserved,
      })
    this.gauge('upstream_connections', 'Connections toward upstreams, by state.', states, ['state'])
    this.gauge(
      'upstream_waiting_requests',
      'Requests that wait for an upstream connection.',
      one(t => t.upstream.waiting),
    )
    this.counter(
      'upstream_dials_total',
      'Connections that were dialled.',
      one(t => t.upstream.dialed),
    )
    this.counter(
      'upstream_reuses_total',
      'Requests that found an open connection.',
      one(t => t.upstream.reused),
    )
    this.gauge(
      'upstream_reuse_ratio',
      'The share of requests that found an open connection, since the start.',
      one(reuseRatio),
    )
    this.counter(
      'upstream_races_lost_total',
      'Reused connections that the upstream had closed just as a request was sent.',
      one(t => t.racesLost),
    )
    this.closes('upstream', t => t.upstream.closes)
    this.lookups()
  }

  private lookups(): void {
    this.gauge(
      'lookups_pending',
      'Lookups of names that are not answered yet.',
      one(t => t.lookups.pending),
    )
    this.counter(
      'lookups_total',
      'Names that were looked up to make a connection.',
      one(t => t.lookups.asked),
    )
    const refused = ({ totals }: Scraped) => entries('limit', totals.lookups.refused)
    this.counter('lookups_refused_total', 'Lookups that were refused, by the limit that was reached.', refused, [
      'limit',
    ])
  }

  private exchanges(): void {
    this.gauge(
      'exchanges_active',
      'Exchanges under way.',
      one(t => t.exchanges.active),
    )
    this.counter(
      'exchanges_total',
      'Exchanges that began.',
      one(t => t.exchanges.total),
    )
    this.counter(
      'retries_total',
      'Requests that were sent once more.',
      one(t => t.exchanges.retries),
    )
    const statuses = ({ totals }: Scraped) =>
      STATUS_CLASSES.map((name): Value => [{ class: name }, totals.statuses[name]])
    this.counter(
      'responses_total',
      'Final responses to clients, by class of the status; other is 600 to 999.',
      statuses,
      ['class'],
    )
    const errors = Object.keys(PROXY_ERRORS) as ProxyStatusError[]
    const failures = ({ totals: { exchanges } }: Scraped) =>
      errors.map((error): Value => [{ error }, exchanges.failures[error] ?? 0])
    this.counter('exchange_failures_total', 'Exchanges that failed, by error type of RFC 9209.', failures, ['error'])
    const names = Object.keys(DEADLINES) as DeadlineName[]
    const deadlines = ({ totals }: Scraped) =>
      names.map((deadline): Value => [{ deadline }, totals.exchanges.deadlines[deadline] ?? 0])
    this.counter('deadlines_total', 'Deadlines that passed, by the name of their option.', deadlines, ['deadline'])
    totalsHistogram(this.registry, () => this.scraped?.totals.phases)
  }

  private closes(side: 'client' | 'upstream', of: (totals: Totals) => Partial<Record<CloseReason, number>>): void {
    const reasons = Object.keys(CLOSE_REASONS) as CloseReason[]
    const values = ({ totals }: Scraped) => reasons.map((reason): Value => [{ reason }, of(totals)[reason] ?? 0])
    this.counter(`${side}_closes_total`, `Connections toward ${side}s that ended, by reason.`, values, ['reason'])
  }

  private gauge(
    name: string,
    help: string,
    values: (it: Scraped) => readonly Value[],
    labelNames: string[] = [],
  ): void {
    const scraped = () => this.scraped
    new Gauge({
      name: `hopwise_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset()
        const now = scraped()
        if (now !== null) for (const [labels, value] of values(now)) this.set(labels, value)
      },
    })
  }

  private counter(
    name: string,
    help: string,
    values: (it: Scraped) => readonly Value[],
    labelNames: string[] = [],
  ): void {
    const scraped = () => this.scraped
    new Counter({
      name: `hopwise_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset()
        const now = scraped()
        if (now !== null) for (const [labels, value] of values(now)) this.inc(labels, value)
      },
    })
  }
}

const one =
  (of: (totals: Totals) => number) =>
  ({ totals }: Scraped): readonly Value[] => [[{}, of(totals)]]

const entries = (label: string, counts: Readonly<Record<string, number>>): readonly Value[] =>
  Object.entries(counts).map(([name, count]) => [{ [label]: name }, count])

/** The share of requests that found an open connection; 0 while none was sent on. */
export function reuseRatio({ upstream: { dialed, reused } }: Totals): number {
  return dialed + reused === 0 ? 0 : reused / (dialed + reused)
}

let ofProcess: Registry | null = null

/** Memory, CPU, event loop, garbage collection: of the process, so once for a process. */
function processMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
    for (const name of WALKING) ofProcess.removeSingleMetric(name)
  }
  return ofProcess
}

/** They walk through every connection at each scrape, which the hopwise_ metrics have counted already. */
const WALKING = ['handles', 'requests', 'resources'].flatMap(what => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
])
