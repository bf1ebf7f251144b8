import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { DEADLINES, type DeadlineName } from '../link/deadlines.js'
import { PROXY_ERRORS, type ProxyStatusError } from '../link/proxy-error.js'
import { inSlices } from '../net/slices.js'
import { CLOSE_REASONS, type CloseReason } from '../policy/close-reason.js'
import { memberMetrics } from './member-metrics.js'
import { phaseMetrics } from './phase-metrics.js'
import { STATUS_CLASSES, type Totals } from './source.js'

/** What `/metrics` is made from at the time of a scrape. */
export interface Scraped {
  readonly totals: Totals
  readonly ready: boolean
}

/** One value with its labels. Every set of labels is bounded: by tables in hopwise, or by the servers in the file. */
type Value = readonly [labels: Readonly<Record<string, string>>, value: number]

/**
 * The metrics, in Prometheus' text format. Nothing is counted here: the values are those of the totals, copied at each scrape,
 * so that a request costs no more than the totals do.
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
    const { phases, groups } = scraped.totals
    return [metrics, phaseMetrics(phases), await inSlices(memberMetrics(groups))].join('\n')
  }

  private process(): void {
    this.gauge(
      'build_info',
      'Always 1; the label is the version of hopwise.',
      ({ totals: { version } }) => [[{ version }, 1]],
      ['version'],
    )
    this.gauge(
      'start_time_seconds',
      'When the daemon started, in seconds since the Unix epoch.',
      one(t => t.startedAt / 1000),
    )
    this.gauge(
      'ready',
      '1 when /readyz answers 200; 0 while hopwise starts or drains, no worker runs, or a group in admin.readyNeeds has no server known to be up.',
      it => [[{}, it.ready ? 1 : 0]],
    )
    this.gauge(
      'workers',
      'Processes that are serving requests.',
      one(t => t.workers.running),
    )
    this.gauge(
      'workers_wanted',
      'Processes that should be serving requests.',
      one(t => t.workers.wanted),
    )
    this.counter(
      'worker_restarts_total',
      'Workers that died and were replaced.',
      one(t => t.workers.restarts),
    )
    this.counter(
      'reloads_total',
      'Reloads of the configuration, by result.',
      ({ totals }) => entries('result', totals.reloads),
      ['result'],
    )
    const guards = ({ totals }: Scraped) => entries('guard', totals.guards)
    const help = 'Requests and connections refused by a guard, by the key of the guard in the configuration.'
    this.counter('guard_refusals_total', help, guards, ['guard'])
  }

  private clients(): void {
    const states = ({ totals: { client } }: Scraped) => entries('state', { active: client.active, idle: client.idle })
    this.gauge('client_connections', 'Open client connections, by state.', states, ['state'])
    this.counter(
      'client_connections_accepted_total',
      'Client connections accepted, including those refused afterwards.',
      one(t => t.client.accepted),
    )
    this.counter(
      'client_connections_refused_total',
      'Client connections refused: too many were open, or a guard refused them.',
      one(t => t.client.refused),
    )
    this.counter(
      'client_requests_total',
      'Requests received from clients, counted when the head is complete.',
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
    const help = 'Upstream connections, by state; reserved ones are idle, each kept for one client connection.'
    this.gauge('upstream_connections', help, states, ['state'])
    this.gauge(
      'upstream_waiting_requests',
      'Requests that are waiting for an upstream connection.',
      one(t => t.upstream.waiting),
    )
    this.counter(
      'upstream_dials_total',
      'Upstream connections dialled, including attempts that failed.',
      one(t => t.upstream.dialed),
    )
    this.counter(
      'upstream_reuses_total',
      'Requests sent on an upstream connection that was already open.',
      one(t => t.upstream.reused),
    )
    this.gauge(
      'upstream_reuse_ratio',
      'Share of requests since the start that reused an open upstream connection, 0 to 1.',
      one(reuseRatio),
    )
    this.counter(
      'upstream_races_lost_total',
      'Reused upstream connections that the upstream closed just as a request was sent on them.',
      one(t => t.racesLost),
    )
    this.closes('upstream', t => t.upstream.closes)
    this.lookups()
  }

  private lookups(): void {
    this.gauge(
      'lookups_pending',
      'Name lookups that are not answered yet.',
      one(t => t.lookups.pending),
    )
    this.counter(
      'lookups_total',
      'Name lookups made to open a connection.',
      one(t => t.lookups.asked),
    )
    const refused = ({ totals }: Scraped) => entries('limit', totals.lookups.refused)
    this.counter('lookups_refused_total', 'Name lookups refused, by the limit that was reached.', refused, ['limit'])
  }

  private exchanges(): void {
    this.gauge(
      'exchanges_active',
      'Exchanges (a request and its response) in progress.',
      one(t => t.exchanges.active),
    )
    this.counter(
      'exchanges_total',
      'Exchanges that have begun.',
      one(t => t.exchanges.total),
    )
    this.counter(
      'retries_total',
      'Requests tried again after a failure, on a new connection or on another server.',
      one(t => t.exchanges.retries),
    )
    const statuses = ({ totals }: Scraped) =>
      STATUS_CLASSES.map((name): Value => [{ class: name }, totals.statuses[name]])
    this.counter(
      'responses_total',
      'Final responses sent to clients, by status class; other is 600 to 999.',
      statuses,
      ['class'],
    )
    const errors = Object.keys(PROXY_ERRORS) as ProxyStatusError[]
    const failures = ({ totals: { exchanges } }: Scraped) =>
      errors.map((error): Value => [{ error }, exchanges.failures[error] ?? 0])
    this.counter('exchange_failures_total', 'Exchanges that failed, by RFC 9209 error type.', failures, ['error'])
    const names = Object.keys(DEADLINES) as DeadlineName[]
    const deadlines = ({ totals }: Scraped) =>
      names.map((deadline): Value => [{ deadline }, totals.exchanges.deadlines[deadline] ?? 0])
    this.counter('deadlines_total', 'Deadlines that expired, by the name of the setting.', deadlines, ['deadline'])
  }

  private closes(side: 'client' | 'upstream', of: (totals: Totals) => Partial<Record<CloseReason, number>>): void {
    const reasons = Object.keys(CLOSE_REASONS) as CloseReason[]
    const values = ({ totals }: Scraped) => reasons.map((reason): Value => [{ reason }, of(totals)[reason] ?? 0])
    this.counter(`${side}_closes_total`, `Closed connections to ${side}s, by reason.`, values, ['reason'])
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

/** The share of requests that found an open connection; 0 while no request was sent to an upstream. */
export function reuseRatio({ upstream: { dialed, reused } }: Totals): number {
  return dialed + reused === 0 ? 0 : reused / (dialed + reused)
}

let ofProcess: Registry | null = null

/** Memory, CPU, event loop, garbage collection: properties of the process, so collected once per process. */
function processMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
    for (const name of WALKING) ofProcess.removeSingleMetric(name)
  }
  return ofProcess
}

/** These walk all connections at each scrape, and the hopwise_ metrics have them counted already. */
const WALKING = ['handles', 'requests', 'resources'].flatMap(what => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
])
