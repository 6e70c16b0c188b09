import type { SendRequest } from '../provider-client.js';

/** Mailings that are sent side by side, with room to spare; each keeps its text and the same as JSON. */
const MAX_TEXTS = 64;

/** Writes request bodies; a mailing's text is escaped once and not once per message. */
export class RequestBodyWriter {
  private readonly texts = new Map<string, string>();

  write(request: SendRequest): string {
    return `{"id":${request.id},"phone":${request.phone},"text":${this.quoted(request.text)}}`;
  }

  private quoted(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    if (this.texts.size >= MAX_TEXTS) this.texts.clear();
    const quoted = JSON.stringify(text);
    this.texts.set(text, quoted);
    return quoted;
  }
}
