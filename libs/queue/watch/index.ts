export { beatHeart } from './beat-heart.js';
export { confirmControlChanges } from './confirm-control-changes.js';
export { type ControlChange, findControlChanges, findRecentControlChanges } from './find-control-changes.js';
export { type DueBacklog, measureDueBacklog } from './measure-due-backlog.js';
export { queueChecks } from './queue-health.js';
export { registerDispatcher } from './register-dispatcher.js';
export { unregisterDispatcher } from './unregister-dispatcher.js';
