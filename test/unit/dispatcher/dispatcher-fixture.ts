import { loadDispatcherConfig, type DispatcherConfig } from '#libs/config';
import type { LeasedBatch } from '#libs/queue/lease';
import { OpenBatch } from '../../../apps/dispatcher/grant/open-batch.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';

/** The defaults, with what a test sets. */
export function aConfig(settings: Record<string, string> = {}): DispatcherConfig {
  return loadDispatcherConfig({
    DATABASE_URL: 'postgres://localhost/none',
    PROVIDER_URL: 'http://localhost:1',
    PROVIDER_TOKEN: 'token',
    ...settings,
  });
}

/** A batch that is held until `leaseDeadline`, of a mailing without window or end unless given. */
export function anOpenBatch(
  given: Partial<LeasedBatch> & { leaseDeadline?: number; cap?: UnrecordedCap; probe?: boolean } = {},
): OpenBatch {
  const { leaseDeadline = Infinity, cap = new UnrecordedCap(100), probe = false, ...lease } = given;
  return new OpenBatch(
    {
      id: 1,
      mailingId: 7,
      priority: 0,
      providerId: 1,
      fence: 1,
      timezone: null,
      notBefore: -Infinity,
      notAfter: Infinity,
      endAt: Infinity,
      text: 'Hello',
      onAmbiguous: 'resend',
      keyLifetimeMs: null,
      limitedBy: null,
      now: 0,
      ...lease,
    },
    leaseDeadline,
    cap,
    probe,
  );
}
