import type { ClientBase } from 'pg';
import { JointTransactions, Orm } from '#libs/database';
import type { TestApi } from '../../support/api.js';

/** How Postgres carried one statement out. */
export interface Plan {
  /** Its name; `unnamed` for those of TypeORM. */
  statement: string;
  /** Pages of tables and indexes that were read, in memory or not, once for each time. */
  pages: number;
  indexes: Set<string>;
  /** Tables that were read from end to end. */
  wholeTables: Set<string>;
}

/**
 * Whether a plan is made for the values, or once for all of them, or as Postgres chooses from the sixth time on by
 * what both are expected to cost.
 */
export type PlanMode = 'force_custom_plan' | 'force_generic_plan' | 'auto';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Conflict Arbiter Indexes'?: string[];
  'Subplan Name'?: string;
  'CTE Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

const settings = `
  LOAD 'auto_explain';
  SET auto_explain.log_min_duration = 0;
  SET auto_explain.log_analyze = on;
  SET auto_explain.log_buffers = on;
  SET auto_explain.log_timing = off;
  SET auto_explain.log_format = json;
  SET auto_explain.log_level = notice;
  SET statement_timeout = 0`;

class RolledBack extends Error {}

/**
 * Runs parts of the service in a transaction that is rolled back, and returns the plans of the statements that they
 * really made: the server explains each as it is carried out, and says so on the same connection.
 */
export class Explained {
  private readonly listening = new WeakSet<ClientBase>();
  private heard: string[] = [];

  /** The API must have one connection for `Orm`, whose transactions everything joins. */
  constructor(private readonly api: TestApi) {}

  async run(mode: PlanMode, work: () => Promise<unknown>): Promise<Plan[]> {
    await this.withConnection(async (client) => {
      if (!this.listening.has(client)) {
        await client.query(settings);
        client.on('notice', ({ message }) => this.heard.push(message ?? ''));
        this.listening.add(client);
      }
      await client.query(`SET plan_cache_mode = ${mode}`);
    });
    this.heard = [];
    try {
      await this.api.app.get(JointTransactions).run({ lockTimeoutMs: 0 }, async () => {
        await work();
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    const plans = this.heard.filter((text) => text.includes('plan:'));
    const names = await this.statementNames();
    return plans.map((text) => toPlan(text, names));
  }

  /** Leaves out the statements of `work`, which is a test's own. */
  async aside<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.hearTheRest();
    const before = this.heard.length;
    const result = await work();
    await this.hearTheRest();
    this.heard.length = before;
    return result;
  }

  /** A SELECT is explained when its portal is closed, which the next statement does. */
  private async hearTheRest(): Promise<void> {
    await this.api.sql.query({ name: '', text: 'SHOW server_version' });
  }

  /** What is prepared on the connection, by its text. */
  private async statementNames(): Promise<Map<string, string>> {
    const text = 'SELECT name, statement FROM pg_prepared_statements';
    const rows = await this.withConnection(
      async (client) => (await client.query<{ name: string; statement: string }>(text)).rows,
    );
    return new Map(rows.map(({ name, statement }) => [statement, name]));
  }

  private async withConnection<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const runner = await this.api.app.get(Orm).queryRunner();
    try {
      return await work((await runner.connect()) as ClientBase);
    } finally {
      await runner.release();
    }
  }
}

function toPlan(notice: string, names: ReadonlyMap<string, string>): Plan {
  const { 'Query Text': text, Plan: root } = JSON.parse(notice.slice(notice.indexOf('{'))) as {
    'Query Text': string;
    Plan: PlanNode;
  };
  const nodes = [...withAllBelow(root)];
  const readCtes = new Set(nodes.map((node) => node['CTE Name']));
  // What changes rows and is read by nobody is carried out after the rest, and not counted at the root.
  const afterwards = nodes.filter((node) => {
    const [, cte] = /^CTE (.*)/.exec(node['Subplan Name'] ?? '') ?? [];
    return node['Node Type'] === 'ModifyTable' && cte !== undefined && !readCtes.has(cte);
  });
  return {
    statement: names.get(text) ?? 'unnamed',
    pages: [root, ...afterwards].reduce((sum, node) => sum + pagesOf(node), 0),
    indexes: new Set(
      nodes.flatMap((node) => [node['Index Name'] ?? [], node['Conflict Arbiter Indexes'] ?? []].flat()),
    ),
    wholeTables: new Set(
      nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
    ),
  };
}

function* withAllBelow(node: PlanNode): Iterable<PlanNode> {
  yield node;
  for (const below of node.Plans ?? []) yield* withAllBelow(below);
}

function pagesOf(node: PlanNode): number {
  return node['Shared Hit Blocks'] + node['Shared Read Blocks'];
}
