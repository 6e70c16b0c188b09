import type { HttpService } from '@nestjs/axios';
import { isAxiosError, isCancel } from 'axios';
import { firstValueFrom } from 'rxjs';
import { maskWords } from '#libs/masking';
import type { Finding, HealthCheck } from './check.js';

/** Milliseconds. */
const TIMEOUT = 1_500;
const LOOK_EVERY = 10_000;

type AdviceOn = (error: unknown) => string | undefined;

/**
 * Whether anything answers HTTP at `url`, whatever it answers. Looks every ten seconds at most, so that asking
 * for our health often is no load on someone else's service. `adviceOn` tells what to mend where a failure is our own.
 */
export function reachabilityCheck(
  name: string,
  http: HttpService,
  url: string,
  adviceOn: AdviceOn = () => undefined,
): HealthCheck {
  let known: { finding: Finding; at: number } | undefined;
  return {
    name,
    essential: false,
    look: async () => {
      if (!known || performance.now() - known.at > LOOK_EVERY) {
        known = { finding: await reach(name, http, url, adviceOn), at: performance.now() };
      }
      return known.finding;
    },
  };
}

async function reach(name: string, http: HttpService, url: string, adviceOn: AdviceOn): Promise<Finding> {
  try {
    const { status } = await firstValueFrom(
      http.request({
        method: 'HEAD',
        url,
        // axios's own timeout is one of silence, which an answer that drips never keeps.
        signal: AbortSignal.timeout(TIMEOUT),
        maxRedirects: 0,
        validateStatus: () => true,
      }),
    );
    return { status: 'up', httpStatus: status };
  } catch (error) {
    const advice = adviceOn(error);
    const reason = isCancel(error)
      ? `no answer within ${TIMEOUT} ms`
      : isAxiosError(error)
        ? (error.code ?? error.message)
        : String(error);
    const message = maskWords(
      `The ${name} is not reachable: ${reason}${advice === undefined ? '' : `: ${advice}`}.`,
    );
    return { status: 'degraded', class: advice === undefined ? 'unreachable' : 'misaddressed', message };
  }
}
