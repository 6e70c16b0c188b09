const intervalMs = 500;

/**
 * Calls back once when the process that started this one is gone. `kill -9` of npm leaves its script running,
 * which then would hold the data folder although nobody sees its output or can press Ctrl-C.
 */
export function onParentGone(callback: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, intervalMs);
  timer.unref();
}
