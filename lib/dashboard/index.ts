export type { PartneroDashboardOptions } from './dashboard.options.js';
export { PartneroDashboardModule } from './partnero.dashboard.module.js';
export { explain, explainPause } from '../program/explain.js';
