import { commandLineOf, parentOf } from '#libs/embedded';

const intervalMs = 500;

/**
 * Calls back once when npm, which started this process, is gone. `kill -9` of npm leaves its script running,
 * which then would hold the data folder although nobody sees its output or can press Ctrl-C.
 */
export function onNpmGone(callback: () => void): void {
  const watched = launchers();
  const timer = setInterval(() => {
    if (process.ppid === watched[0] && watched.every((pid) => commandLineOf(pid) !== undefined)) return;
    clearInterval(timer);
    callback();
  }, intervalMs);
  timer.unref();
}

/** npm runs a script by `sh -c`, so that the shell is the parent, and npm the parent of that. */
function launchers(): number[] {
  const parent = process.ppid;
  const isShell = commandLineOf(parent)?.includes(' -c ') ?? false;
  const grandparent = isShell ? parentOf(parent) : undefined;
  return grandparent === undefined ? [parent] : [parent, grandparent];
}
