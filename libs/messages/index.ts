export * from './message-status.js';
