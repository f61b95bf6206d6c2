import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** Read by the route `/metrics`: no server of its own. */
export const prometheus = new PrometheusExporter({ preventServerStart: true });

// A real app has `@opentelemetry/sdk-node` do this, with instrumentation of HTTP and an OTLP exporter.
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheus] }));
const printed = new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [printed] }));
