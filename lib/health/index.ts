export { PartneroHealthIndicator } from './partnero.health-indicator.js';
export type { PartneroHealth, PartneroHealthOptions } from './partnero.health-indicator.js';
