import { chmodSync, copyFileSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';

const LIMIT_BYTES = 10 * 1024 * 1024;
const LOOK_EVERY_MS = 10_000;

/** Only the owner may read it: a server's log tells of what it keeps. */
const PRIVATE = 0o600;

/**
 * Opens a server's log to append to, for its owner's eyes alone, and returns the descriptor to hand to the server,
 * which has to log on when we are gone: so the file is its own, and no stream of ours that rotates as it writes.
 */
export function openServerLog(file: string): number {
  if (sizeOf(file) > LIMIT_BYTES) renameSync(file, olderOf(file));
  const log = openSync(file, 'a', PRIVATE);
  for (const kept of [file, olderOf(file)]) if (sizeOf(kept) >= 0) chmodSync(kept, PRIVATE);
  return log;
}

/**
 * Keeps the log of a running server at 10 MiB and one older file of that size. It looks every ten seconds; the
 * server appends, so after the cut it goes on at the file's new end. Lines of the moment of the cut may be lost.
 */
export function boundServerLog(
  file: string,
  limitBytes = LIMIT_BYTES,
  lookEveryMs = LOOK_EVERY_MS,
): () => void {
  const timer = setInterval(() => {
    if (sizeOf(file) <= limitBytes) return;
    copyFileSync(file, olderOf(file));
    chmodSync(olderOf(file), PRIVATE);
    truncateSync(file);
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
}

const olderOf = (file: string) => `${file}.1`;

/** -1 when there is none. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}
