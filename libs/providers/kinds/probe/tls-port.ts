import { connect } from 'node:tls';

/** How long a handshake may take, in ms: shorter than a probe. */
const PATIENCE_MS = 1_000;

/** How long what was found is taken for true, in ms. */
const LOOK_EVERY_MS = 10_000;

/**
 * Finds out whether a port that hung up on plain HTTP wants TLS instead: many servers of TLS end such a connection
 * without a word, just as a provider that breaks down does.
 */
export class TlsPort {
  private found: Promise<boolean> | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly url: URL) {}

  /** Whether it completes a TLS handshake, by any certificate. Looks every ten seconds at most; never throws. */
  async speaksTls(): Promise<boolean> {
    const now = performance.now();
    if (this.found === undefined || now - this.lookedAt > LOOK_EVERY_MS) {
      this.lookedAt = now;
      this.found = this.look();
    }
    return this.found;
  }

  private look(): Promise<boolean> {
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve) => {
      // Nothing is sent over it, so whoever it is may show what certificate they like.
      const socket = connect({ host, port: Number(this.url.port || 80), rejectUnauthorized: false });
      const end = (speaks: boolean) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(speaks);
      };
      const timer = setTimeout(() => end(false), PATIENCE_MS);
      socket.once('secureConnect', () => end(true));
      socket.on('error', () => end(false));
      socket.once('close', () => end(false));
    });
  }
}
