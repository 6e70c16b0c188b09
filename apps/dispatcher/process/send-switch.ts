import { Injectable } from '@nestjs/common';

/** Whether this process may take and send anything at all. */
@Injectable()
export class SendSwitch {
  /** Set for good when the process shuts down. */
  stopping = false;
  /** The provider counts as down, and only a probe may be sent. */
  breakerOpen = false;

  /** Neither is so. */
  get isOn(): boolean {
    return !this.stopping && !this.breakerOpen;
  }
}
