/** The start is refused: one sentence for each setting that is missing or wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
