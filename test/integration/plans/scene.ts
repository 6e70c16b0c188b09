import type { Sql } from '#libs/database';
import type { TestApi } from '../../support/api.js';

/** What a case works with. */
export interface Scene {
  readonly api: TestApi;
  readonly sql: Sql;
  /** What `work` does is a preparation, which nobody looks at. */
  readonly aside: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** A statement of the test's own, which nobody looks at either. */
  readonly given: <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
}

/** What the service does, by what happens. Whatever a case changes is rolled back. */
export type Cases = Record<string, (scene: Scene) => Promise<unknown>>;
