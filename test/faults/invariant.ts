/** What must hold in every scenario. The names are those of docs/reliability.md and of the mutations' table. */
export const invariants = {
  'one-each': 'every client of the audience has exactly one message, and no other client has one',
  final: 'every mailing is over, every message final, and no batch is open or leased',
  truth:
    'what the provider accepted is sent or unknown; what is sent was accepted; what was given up was not',
  duplicates: 'no more was accepted twice than the faults allow',
  held: 'no more is held as unknown than the faults allow',
  'in-time': "every request is inside the mailing's time and the client's window",
  stopped: 'nothing is sent of a mailing that is paused or cancelled, once that was confirmed',
  counters: 'the counters say what a recount of the rows says, whenever they are looked at',
  'same-body': "every request of one id has the same body, with the client's phone and the mailing's text",
  breaker: 'no request but probes while the breaker is open, from 500 ms after its opening on',
  'back-off': 'no retry comes sooner than promised, nor before the end of a Retry-After',
  attempts: 'the log of attempts agrees with the requests that were received',
  recovery: 'sending is back in time after a return',
  pace: 'sending is as fast as the scenario measures it against',
  story: 'the scenario itself could be played to its end',
} as const;

export type Invariant = keyof typeof invariants;

/** One invariant that did not hold, with its figures. */
export interface Breach {
  invariant: Invariant;
  figures: string;
}
