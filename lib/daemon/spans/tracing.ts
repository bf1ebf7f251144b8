import type * as Api from '@opentelemetry/api'
import { RANDOM, SAMPLED, type TraceContext, traceLines } from '../../policy/trace-context.js'
import type { ExchangeRecord } from '../../proxy/events.js'
import type { ExchangeSpan, TracedRequest, Tracer } from '../../proxy/tracer.js'
import { RefusedError } from '../gateway-types.js'
import { attributesAtEnd, attributesAtStart, failureOf, spanName } from './span-attributes.js'

export type OpenTelemetry = typeof Api

export interface TracingOptions {
  /** Of hopwise, for the instrumentation scope. */
  readonly version: string
  readonly warn: (message: string, cause?: unknown) => void
  /** False: another process of the same daemon says what is so in all of them. */
  readonly isFirst?: boolean
  /** Finds the package; another one is for tests. */
  readonly load?: () => Promise<OpenTelemetry>
}

/** From the package that the user has installed beside hopwise. @throws RefusedError that says what is missing */
export async function openTelemetryTracer({
  version,
  warn,
  isFirst = true,
  load = find,
}: TracingOptions): Promise<Tracer> {
  let api: OpenTelemetry
  try {
    api = await load()
  } catch (cause) {
    throw new RefusedError([whyNot(cause)])
  }
  const { trace, ProxyTracerProvider } = api
  const provider = trace.getTracerProvider()
  // What stands there while no SDK has registered itself hands out tracers that make nothing.
  if (isFirst && provider instanceof ProxyTracerProvider && provider.getDelegateTracer('hopwise') === undefined)
    warn(
      'tracing.openTelemetry is on, but nobody takes spans: start hopwise with an OpenTelemetry SDK, such as NODE_OPTIONS="--import ./sdk.mjs"',
    )
  return new OpenTelemetryTracer(api, trace.getTracer('hopwise', version), warn)
}

const find = (): Promise<OpenTelemetry> => import('@opentelemetry/api')

function whyNot(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    ? 'tracing.openTelemetry is on, but there is no package @opentelemetry/api: install it beside hopwise (npm install @opentelemetry/api), or turn it off.'
    : `tracing.openTelemetry is on, but @opentelemetry/api cannot be loaded: ${message}.`
}

/** Sends nothing, tells nobody: for an exchange whose span could not be made. */
const NO_SPAN: ExchangeSpan = { lines: '', end() {} }

class OpenTelemetryTracer implements Tracer {
  #warned = false

  constructor(
    readonly api: OpenTelemetry,
    private readonly tracer: Api.Tracer,
    private readonly warn: TracingOptions['warn'],
  ) {}

  begin(asked: TracedRequest): ExchangeSpan {
    try {
      const { SpanKind, ROOT_CONTEXT, trace } = this.api
      const parent = asked.received === null ? null : this.parentOf(asked.received)
      const options = {
        kind: SpanKind.SERVER,
        attributes: attributesAtStart(asked),
        startTime: hrTime(asked.startedAt),
      }
      const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
      const span = this.tracer.startSpan(spanName(asked.method), options, context)
      return new OpenSpan(this, span, linesOf(this.api, span.spanContext(), parent, asked.received))
    } catch (fault) {
      this.failed(fault)
      return NO_SPAN
    }
  }

  private parentOf({ traceId, spanId, flags, state }: TraceContext): Api.SpanContext {
    const parent: Api.SpanContext = { traceId, spanId, traceFlags: flags & SAMPLED, isRemote: true }
    if (state !== '') parent.traceState = this.api.createTraceState(state)
    return parent
  }

  /** Whatever takes the spans is not ours, and its faults are no reason to fail a request. Told once: it would come with each. */
  failed(fault: unknown): void {
    if (this.#warned) return
    this.#warned = true
    this.warn('OpenTelemetry could not make a span; this is not said again', fault)
  }
}

class OpenSpan implements ExchangeSpan {
  constructor(
    private readonly tracer: OpenTelemetryTracer,
    private readonly span: Api.Span,
    readonly lines: string,
  ) {}

  end(record: ExchangeRecord): void {
    const { span, tracer } = this
    try {
      if (span.isRecording()) {
        span.setAttributes(attributesAtEnd(record))
        const message = failureOf(record)
        if (message !== null)
          span.setStatus({ code: tracer.api.SpanStatusCode.ERROR, ...(message === '' ? {} : { message }) })
      }
      span.end(hrTime(record.startedAt + record.ms.total))
    } catch (fault) {
      tracer.failed(fault)
    }
  }
}

/** What goes upstream: our span in the place of the client's. '' where there is no span that could be named. */
function linesOf(
  { isSpanContextValid }: OpenTelemetry,
  own: Api.SpanContext,
  parent: Api.SpanContext | null,
  received: TraceContext | null,
): string {
  if (!isSpanContextValid(own)) return ''
  const { traceId, spanId, traceFlags, traceState } = own
  const goesOn = received !== null && received.traceId === traceId
  // A state that nobody has changed goes on as it came, with members that OpenTelemetry would not take.
  const same = goesOn && traceState === parent?.traceState
  return traceLines({
    traceId,
    spanId,
    flags: (traceFlags & SAMPLED) | (goesOn ? received.flags & RANDOM : 0),
    state: same ? received.state : (traceState?.serialize() ?? ''),
  })
}

/** Seconds and nanoseconds since 1970: a lone number would be taken for a time since the process began when it is small. */
function hrTime(ms: number): [seconds: number, nanos: number] {
  const seconds = Math.trunc(ms / 1_000)
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)]
}
