export type { ApiKey } from './api-keys.js';
export * from './config.js';
export * from './config-error.js';
export * from './standalone-config.js';
export * from './unusable-address.js';
export { secretSettings, settings, type SettingName } from './settings.js';
