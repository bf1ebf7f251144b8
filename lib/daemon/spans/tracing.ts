import type * as Api from '@opentelemetry/api'
import { RANDOM, SAMPLED, type TraceContext, traceLines } from '../../policy/trace-context.js'
import type { ExchangeRecord } from '../../proxy/events.js'
import type { ExchangeSpan, TracedRequest, Tracer } from '../../proxy/tracer.js'
import { RefusedError } from '../gateway-types.js'
import { attributesAtEnd, attributesAtStart, failureOf, spanName } from './span-attributes.js'

export type OpenTelemetry = typeof Api

export interface TracingOptions {
  /** The version of hopwise, for the instrumentation scope. */
  readonly version: string
  readonly warn: (message: string, cause?: unknown) => void
  /** False: another process of the same daemon gives the warnings that apply to all of them. */
  readonly isFirst?: boolean
  /** Loads the package; tests replace it. */
  readonly load?: () => Promise<OpenTelemetry>
}

/** A tracer from the package that the user has installed beside hopwise. @throws RefusedError that says what is missing */
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
  // Until an SDK registers itself, the provider is a placeholder whose tracers make no spans.
  if (isFirst && provider instanceof ProxyTracerProvider && provider.getDelegateTracer('hopwise') === undefined)
    warn(
      'tracing.openTelemetry is on, but no OpenTelemetry SDK is loaded to take the spans: start hopwise with one, such as NODE_OPTIONS="--import ./sdk.mjs"',
    )
  return new OpenTelemetryTracer(api, trace.getTracer('hopwise', version), warn)
}

const find = (): Promise<OpenTelemetry> => import('@opentelemetry/api')

function whyNot(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    ? 'tracing.openTelemetry is on, but the package @opentelemetry/api is not installed: install it beside hopwise (npm install @opentelemetry/api), or turn tracing off.'
    : `tracing.openTelemetry is on, but @opentelemetry/api cannot be loaded: ${message}.`
}

/** Sends nothing and records nothing: for an exchange whose span could not be made. */
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

  /** The SDK is not part of hopwise, and its faults must not fail a request. Reported once: it would come with each request. */
  failed(fault: unknown): void {
    if (this.#warned) return
    this.#warned = true
    this.warn('OpenTelemetry could not make a span; this is reported only once', fault)
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

/** The trace fields for the upstream: our span in place of the client's. '' without a valid span. */
function linesOf(
  { isSpanContextValid }: OpenTelemetry,
  own: Api.SpanContext,
  parent: Api.SpanContext | null,
  received: TraceContext | null,
): string {
  if (!isSpanContextValid(own)) return ''
  const { traceId, spanId, traceFlags, traceState } = own
  const goesOn = received !== null && received.traceId === traceId
  // An unchanged state is forwarded as it was received, including members that OpenTelemetry would not accept.
  const same = goesOn && traceState === parent?.traceState
  return traceLines({
    traceId,
    spanId,
    flags: (traceFlags & SAMPLED) | (goesOn ? received.flags & RANDOM : 0),
    state: same ? received.state : (traceState?.serialize() ?? ''),
  })
}

/** Seconds and nanoseconds since 1970: a single small number would be taken for a time since the start of the process. */
function hrTime(ms: number): [seconds: number, nanos: number] {
  const seconds = Math.trunc(ms / 1_000)
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)]
}
