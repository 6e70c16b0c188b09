import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiRequests } from './api-requests.js';
import { demoClients } from './demo-clients.js';
import { progressBar, type Progress } from './progress-bar.js';
import type { Terminal } from './terminal.js';

const list = z.object({ items: z.array(z.unknown()) });
const created = z.object({ id: z.number() });
const mailing = z.object({ status: z.string() });
const statistics = z.object({ total: z.number(), byStatus: z.record(z.string(), z.number()) });

const hourMs = 3_600_000;
const pollMs = 200;

/** A first mailing to look at: 1,000 made-up clients, sent to at once, through the API like any other. */
export class Demo {
  constructor(
    private readonly api: ApiRequests,
    private readonly terminal: Terminal,
    private readonly stopping: AbortSignal,
  ) {}

  /** Does nothing when the service has clients or mailings already; ends early when we are stopping. */
  async run(): Promise<void> {
    if (!(await this.isEmpty())) return;
    const clients = demoClients();
    await this.api.post('/v1/clients/batch', { items: clients });
    const { id } = created.parse(
      await this.api.post('/v1/mailings', {
        text: 'Hello from the demo',
        audience: { tags: ['demo'] },
        startAt: new Date().toISOString(),
        endAt: new Date(Date.now() + hourMs).toISOString(),
      }),
    );
    this.terminal.line(
      `\nDemo: ${clients.length} clients in 10 time zones, mailing ${id} is being sent to them.`,
    );
    await this.follow(id, clients.length);
  }

  private async isEmpty(): Promise<boolean> {
    const found = await Promise.all([this.api.get('/v1/clients'), this.api.get('/v1/mailings')]);
    return found.every((answer) => list.parse(answer).items.length === 0);
  }

  private async follow(id: number, expected: number): Promise<void> {
    let printed = '';
    while (!this.stopping.aborted) {
      const found = await this.progressOf(id, expected).catch(() => undefined);
      if (found !== undefined) {
        const { progress, completed } = found;
        const line = `Mailing ${id} ${progressBar(progress)}`;
        if (this.terminal.isInteractive) this.terminal.bar(line);
        else if (tenthOf(line) !== tenthOf(printed) || (completed && line !== printed))
          this.terminal.line(line);
        printed = line;
        if (completed) break;
      }
      await pause(pollMs, undefined, { signal: this.stopping }).catch(() => undefined);
    }
    if (this.terminal.isInteractive) this.terminal.bar('');
    if (!this.stopping.aborted) this.terminal.line(`Mailing ${id} is completed.`);
  }

  /** While the mailing is still being planned its total grows; the bar shows what is to be expected. */
  private async progressOf(
    id: number,
    expected: number,
  ): Promise<{ progress: Progress; completed: boolean }> {
    const { status } = mailing.parse(await this.api.get(`/v1/mailings/${id}`));
    const { total, byStatus } = statistics.parse(await this.api.get(`/v1/mailings/${id}/statistics`));
    return { progress: { total: Math.max(total, expected), byStatus }, completed: status === 'completed' };
  }
}

/** Where nothing can change in place, a line is worth its room when the bar is another tenth longer. */
function tenthOf(line: string): number {
  return Math.floor((line.match(/#/g)?.length ?? -3) / 3);
}
