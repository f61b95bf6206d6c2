import {
  context,
  type Link,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { onPartneroTrace } from '../channels/channels.js';
import type { DeliverTrace, QueueTrace } from '../channels/messages.js';
import { JOB_ID, jobAttributes, OUTCOME, REASON, RESULT } from './attributes.js';

/** What is measured between the start and the end of one trace. */
interface Running {
  readonly span: Span;
  readonly startedAt: number;
}

/**
 * A span for each job that is queued, in the trace of the request, and one for each attempt to deliver
 * it, linked to the first. Measures how long attempts take. Returns a function that stops it.
 */
export function traceJobs(tracer: Tracer, meter: Meter): () => void {
  const duration = meter.createHistogram('partnero.delivery.duration', {
    description: 'How long an attempt took, by its result',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] },
  });
  const queueing = new WeakMap<object, Span>();
  const delivering = new WeakMap<object, Running>();

  const onQueue = (message: QueueTrace) => {
    const kind = SpanKind.PRODUCER;
    const attributes = jobAttributes(message);
    const span = tracer.startSpan(`partnero queue ${message.jobName}`, { kind, attributes });
    queueing.set(message, span);
    message.traceparent = toTraceparent(span);
  };
  const onQueued = (message: QueueTrace) => {
    const span = queueing.get(message);
    const { jobId, outcome, error } = message;
    if (jobId !== undefined) span?.setAttribute(JOB_ID, jobId);
    if (typeof outcome === 'string') span?.setAttribute(OUTCOME, outcome);
    if (error) span?.setStatus({ code: SpanStatusCode.ERROR, message: error.name });
    span?.end();
  };
  const onDeliver = (message: DeliverTrace) => {
    const { jobName, jobId, traceparent } = message;
    const span = tracer.startSpan(`partnero deliver ${jobName}`, {
      kind: SpanKind.CONSUMER,
      root: true,
      attributes: { ...jobAttributes(message), [JOB_ID]: jobId },
      links: linksTo(traceparent),
    });
    delivering.set(message, { span, startedAt: performance.now() });
    message.around = (work) => context.with(trace.setSpan(context.active(), span), work);
  };
  const onDelivered = (message: DeliverTrace) => {
    const { span, startedAt } = delivering.get(message) ?? {};
    const { result } = message;
    if (!span || startedAt === undefined) return;
    const attributes = { ...jobAttributes(message), [RESULT]: result?.type ?? 'failed' };
    duration.record((performance.now() - startedAt) / 1_000, attributes);
    span.setAttributes(attributes);
    if (result?.type === 'completed') span.setAttribute(OUTCOME, result.outcome);
    if (result && 'reason' in result && result.reason) span.setAttribute(REASON, result.reason);
    if (result?.type === 'retry') {
      span.setStatus({ code: SpanStatusCode.ERROR, message: result.reason });
    }
    span.end();
  };
  const stops = [
    onPartneroTrace('queue', { start: onQueue, end: onQueued }),
    onPartneroTrace('deliver', { start: onDeliver, end: onDelivered }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** In the form of W3C Trace Context. */
function toTraceparent(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function linksTo(traceparent: string | undefined): Link[] {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (!traceId || !spanId || !flags) return [];
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  return [{ context: { traceId, spanId, traceFlags, isRemote: true } }];
}
