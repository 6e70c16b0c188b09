/** Names one tenure of a batch: every write of intent is refused when it is over. */
export interface LeaseKey {
  id: number;
  fence: number;
}

export interface LeaseTerms {
  owner: string;
  leaseMs: number;
  guardMs: number;
  /** Mailings of which this owner has a batch already that waits for slots; null among them for all with a limit. */
  waitingMailings: readonly (number | null)[];
}
