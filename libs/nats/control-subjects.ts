/** Core broadcasts that every dispatcher hears. All are hints: whoever misses one finds out by itself, later. */
export const controlSubjects = {
  mailing: 'ems.control.mailing',
  breaker: 'ems.control.breaker',
  refuted: 'ems.control.refuted',
} as const;

export interface MailingChanged {
  mailingId: number;
  /** The mailing's control_version at which the change was committed. */
  version: number;
  change: 'created' | 'started' | 'paused' | 'resumed' | 'cancelled' | 'rescheduled';
  /** It was created with a start that is still to come: there is nothing to plan yet. */
  startsLater?: boolean;
}

/** A dispatcher's reply to {@link MailingChanged}: nothing of the mailing leaves it any more. */
export interface MailingConfirmed {
  dispatcherId: string;
  version: number;
  /** Requests of that mailing that were on the wire when the gate closed. */
  inFlight: number;
}

export interface BreakerChanged {
  providerId: number;
  version: number;
}

/** Phones whose suspicious answers stopped sending though others were served, by the kind of answer. */
export interface WitnessesRefuted {
  providerId: number;
  throttled: readonly number[];
  misconfigured: readonly number[];
}
