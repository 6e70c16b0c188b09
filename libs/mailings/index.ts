export * from './mailing-status.js';
