export { PartneroOpenTelemetryModule } from './partnero-opentelemetry.module.js';
