import { setTimeout as wait } from 'node:timers/promises';
import { check, type Findings } from './checks/checker.js';
import { CountersWatch } from './checks/counters-watch.js';
import type { Breach } from './invariant.js';
import { Ledger } from './ledger.js';
import type { Scenario } from './scenario.js';
import { SeededRandom } from './seeded-random.js';
import { Stage } from './stage.js';
import { FaultWorld } from './world/fault-world.js';
import type { ClusterTemplate } from './world/cluster-template.js';
import type { RunFolder } from './world/run-folder.js';

/** What came of one scenario. */
export interface Result extends Partial<Findings> {
  name: string;
  seed: number;
  breaches: Breach[];
  /** What broke when it was played for the first time: times, and so it was played again. */
  brokeBefore?: Breach[];
  faults: number;
  /** The longest, in milliseconds; absent when the scenario measures none. */
  recoveryMs?: number;
  seconds: number;
  /** What the scenario has measured besides. */
  notes?: readonly string[];
  /** Of what broke only: the last output of the processes, and where all of it is. */
  output?: string;
  logs?: string;
}

/** Plays scenarios, each in a world of its own, one at a time. */
export class ScenarioRun {
  private world: FaultWorld | undefined;

  constructor(
    private readonly folder: RunFolder,
    private readonly seed: number,
    private readonly quick: boolean,
  ) {}

  /** Plays it for the `nth` time. Never rejects: what goes wrong is a breach. */
  async play(scenario: Scenario, template: ClusterTemplate, nth: number): Promise<Result> {
    const startedAt = performance.now();
    const ledger = new Ledger(scenario.options?.clockAheadMs ?? 0);
    const place = await this.folder.scenario(nth === 1 ? scenario.name : `${scenario.name}-${nth}`);
    const result: Result = { name: scenario.name, seed: this.seed, breaches: [], faults: 0, seconds: 0 };
    try {
      if (scenario.needs && scenario.needs.file === undefined) {
        throw new Error(`${scenario.needs.name} is needed: ${scenario.needs.install}`);
      }
      const world = await FaultWorld.start(place, template, ledger, scenario.options ?? {});
      this.world = world;
      const deadlineMs = scenario.options?.deadlineMs ?? 150_000;
      await Promise.race([this.act(scenario, world, ledger, result), deadline(deadlineMs)]);
    } catch (error) {
      result.breaches.push({ invariant: 'story', figures: String(error) });
    }
    if (result.breaches.length > 0) {
      result.output = this.world?.output ?? 'nothing had started';
      result.logs = place.logs;
    }
    await this.world?.end();
    this.world = undefined;
    await this.folder.discard(place, result.breaches.length > 0);
    result.faults = ledger.faults.length;
    result.seconds = (performance.now() - startedAt) / 1_000;
    return result;
  }

  /** Kills what is running, without waiting. */
  endNow(): void {
    this.world?.endNow();
  }

  private async act(scenario: Scenario, world: FaultWorld, ledger: Ledger, result: Result): Promise<void> {
    const { options = {} } = scenario;
    const random = new SeededRandom(this.seed, scenario.name);
    const stage = new Stage(world, ledger, random, { ...options, quick: this.quick });
    const watch = new CountersWatch(world);
    try {
      await stage.behave({});
      await scenario.run(stage).catch((error: unknown) => {
        stage.breaches.push({ invariant: 'story', figures: String(error) });
      });
      const findings = await check(world, ledger, {
        deduplicates: options.deduplicate ?? false,
        settleMs: options.settleMs ?? 60_000,
      });
      const breaches = [...stage.breaches, ...findings.breaches, ...(await watch.end())];
      Object.assign(result, findings, { breaches, notes: stage.notes });
      if (stage.longestRecovery !== undefined) result.recoveryMs = stage.longestRecovery;
    } finally {
      watch.cancel();
    }
  }
}

async function deadline(milliseconds: number): Promise<never> {
  await wait(milliseconds, undefined, { ref: false });
  throw new Error(`it was not over after ${milliseconds / 1_000} s`);
}
