export * from './config.js';
export { secretSettings, settings, type SettingName } from './settings.js';
