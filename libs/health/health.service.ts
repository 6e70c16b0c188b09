import { ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { maskWords } from '#libs/masking';
import type { Finding, HealthCheck, HealthClass } from './check.js';

export interface HealthReport {
  /** The HTTP status: 503 when something essential is down or the process is stopping. */
  code: 200 | 503;
  /** In the words of terminus: `{ status, info, error, details }`. */
  body: object;
}

/** An HTTP request, as far as it tells who asks. */
export interface Asking {
  readonly headers: { readonly authorization?: string | undefined };
}

/** Whether whoever asks may know more than states and classes: messages, hosts, addresses, a provider's words. */
export type MayKnowDetails = (request: Asking) => boolean;

/** Milliseconds after which a check counts as failed. */
const PATIENCE = 2_000;

/**
 * Looks at what the process needs, everything at once, and answers within two seconds however things hang. A
 * check that hangs is not begun again before it ends, so being asked often piles nothing up.
 */
export class HealthService {
  private readonly looking = new Map<string, Promise<Finding>>();

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly checks: readonly HealthCheck[],
    private readonly mayKnowDetails: MayKnowDetails,
  ) {}

  /** Whether the process can do its work: the essential checks only. */
  async ready(request: Asking): Promise<HealthReport> {
    return this.report(
      this.checks.filter((check) => check.essential),
      request,
    );
  }

  /** All checks; what is degraded leaves the code at 200. */
  async details(request: Asking): Promise<HealthReport> {
    return this.report(this.checks, request);
  }

  private async report(checks: readonly HealthCheck[], request: Asking): Promise<HealthReport> {
    const inFull = this.mayKnowDetails(request);
    try {
      return {
        code: 200,
        body: await this.terminus.check(checks.map((check) => () => this.indicate(check, inFull))),
      };
    } catch (error) {
      if (error instanceof ServiceUnavailableException) {
        return { code: 503, body: Object(error.getResponse()) };
      }
      throw error;
    }
  }

  private async indicate(check: HealthCheck, inFull: boolean): Promise<HealthIndicatorResult> {
    const { status, ...found } = await this.find(check);
    const details = inFull ? found : found.class === undefined ? {} : { class: found.class };
    const indicator = this.indicators.check(check.name);
    if (status === 'up') return indicator.up(details);
    return status === 'degraded' ? indicator.degraded(details) : indicator.down(details);
  }

  private async find(check: HealthCheck): Promise<Finding> {
    const failed = (kind: HealthClass, words: string): Finding => ({
      status: check.essential ? 'down' : 'degraded',
      class: kind,
      message: maskWords(words),
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Finding>((resolve) => {
      timer = setTimeout(() => resolve(failed('silent', `No answer within ${PATIENCE} ms.`)), PATIENCE);
    });
    try {
      return await Promise.race([this.look(check), late]);
    } catch (error) {
      return failed('failed', error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  private look(check: HealthCheck): Promise<Finding> {
    const begun = this.looking.get(check.name);
    if (begun) return begun;
    const looking = check.look().finally(() => this.looking.delete(check.name));
    this.looking.set(check.name, looking);
    return looking;
  }
}
