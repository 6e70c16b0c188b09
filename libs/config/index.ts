export * from './config.js';
export * from './standalone-config.js';
export { secretSettings, settings, type SettingName } from './settings.js';
