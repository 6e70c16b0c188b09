/** The most messages a batch has: what one lease covers. */
export const BATCH_SIZE = 500;
