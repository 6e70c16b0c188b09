/** Lets those who wait for work be woken before their time. */
export class WakeUp {
  private readonly sleepers = new Set<() => void>();

  /** Resolves after `milliseconds`, or at the next {@link wake}. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const rise = () => {
        clearTimeout(timer);
        this.sleepers.delete(rise);
        resolve();
      };
      const timer = setTimeout(rise, milliseconds);
      this.sleepers.add(rise);
    });
  }

  wake(): void {
    for (const rise of this.sleepers) rise();
  }
}
