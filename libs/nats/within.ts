/** Waits for `work` at most `milliseconds`, whether it succeeds or fails; true when it has settled by then. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const inTime = await Promise.race([settled, late]);
  clearTimeout(timer);
  return inTime;
}
