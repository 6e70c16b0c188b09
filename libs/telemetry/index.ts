export { type Backlog, DispatcherMetrics, type DispatcherState } from './dispatcher-metrics.js';
export { requestIdFrom } from './request-id.js';
