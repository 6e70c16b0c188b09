import { Injectable } from '@nestjs/common';

const REMEMBERED = 1_000;

/** Which mailings this dispatcher served lately, and whose turn it is: the earliest deadline's or theirs. */
@Injectable()
export class ServingMemory {
  private readonly recent = new Set<number>();
  private fair = false;

  /** Mailings that were served lately, oldest first. */
  get recentMailings(): number[] {
    return [...this.recent];
  }

  /** The order for the next choice; every other one is fair to the mailing served least recently. */
  nextOrder(): { recentMailings: number[]; fair: boolean } {
    this.fair = !this.fair;
    return { recentMailings: this.recentMailings, fair: this.fair };
  }

  remember(mailingId: number): void {
    this.recent.delete(mailingId);
    this.recent.add(mailingId);
    if (this.recent.size <= REMEMBERED) return;
    for (const oldest of this.recent) {
      this.recent.delete(oldest);
      break;
    }
  }
}
