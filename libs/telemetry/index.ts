export { requestIdFrom } from './request-id.js';
