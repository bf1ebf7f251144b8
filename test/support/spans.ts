import { trace } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-base'
import type { Test } from 'tap'

/** OpenTelemetry's own SDK, as a user would register it, until the test ends. @returns the spans that have ended so far */
export function takesSpans(t: Test, config: TracerConfig = {}): () => ReadableSpan[] {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)], ...config }),
  )
  t.teardown(() => trace.disable())
  return () => exporter.getFinishedSpans()
}
