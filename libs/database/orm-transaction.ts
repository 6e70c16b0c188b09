import type { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { isUnreachable } from './sql-errors.js';
import { noteUnansweredCommit } from './unanswered-changes.js';

/**
 * Runs `work` in one transaction on the runner's connection, and releases the runner; what `work` throws rolls
 * everything back. TypeORM's own would send the ROLLBACK after a COMMIT that got no answer, and wait as long again.
 */
export async function inTransaction<Result>(
  runner: QueryRunner,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  try {
    const client = (await runner.connect()) as Client;
    return await rollingBack(runner, client, async () => {
      await runner.startTransaction();
      const result = await work(client);
      await commit(runner);
      return result;
    });
  } finally {
    await runner.release();
  }
}

async function commit(runner: QueryRunner): Promise<void> {
  try {
    await runner.commitTransaction();
  } catch (error) {
    noteUnansweredCommit(error);
    throw error;
  }
}

/** A connection that is silent, or can't even be rolled back, is closed, so that the pool takes another one. */
async function rollingBack<Result>(
  runner: QueryRunner,
  client: Client,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isUnreachable(error)) closeUnusable(client);
    else await runner.rollbackTransaction().catch(() => closeUnusable(client));
    throw error;
  }
}

function closeUnusable(client: Client): void {
  client.end().catch(() => {});
}
