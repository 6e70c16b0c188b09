/** The provider that new batches are for. */
export const DEFAULT_PROVIDER = 1;
