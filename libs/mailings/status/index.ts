export { inTime, maySend, sending, unfinished } from './conditions.js';
