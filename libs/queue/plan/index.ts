export { BATCH_SIZE } from './batch-size.js';
export { leasePlan, type PlanLease } from './lease-plan.js';
export { type PlannedPage, planPage } from './plan-page.js';
export { excludePlanning } from './planning-lock.js';
export { releasePlan } from './release-plan.js';
