import { Injectable } from '@nestjs/common';
import { Cursors, type Page, type PageQuery } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { MessageReader } from './message-reader.js';
import {
  type MessageDto,
  type MessageRow,
  type MessagesQuery,
  type MessageWithAttemptsDto,
  toMessageDto,
} from './message.dto.js';

/** Who got a mailing, who did not, and why. Throws a {@link Problem} for what is not there. */
@Injectable()
export class MessagesService {
  private readonly cursors = new Cursors('messages');
  private readonly cursorsOfClient = new Cursors('client-messages');

  constructor(private readonly reader: MessageReader) {}

  /**
   * The messages of a mailing, by client. With a status, a page may hold fewer than were asked for, or none,
   * and still have a next one: each looks at a limited number of messages.
   */
  async listOfMailing(mailingId: number, query: MessagesQuery): Promise<Page<MessageDto>> {
    const after = this.cursors.read(query.cursor) ?? 0;
    if (!(await this.reader.mailingExists(mailingId))) throw Problem.notFound('mailing', mailingId);
    const { limit, status } = query;
    if (status === undefined) {
      return this.pageByClient(await this.reader.list(mailingId, after, limit + 1), limit);
    }
    const { rows, upto } = await this.reader.listByStatus(mailingId, status, after, limit + 1);
    const page = this.pageByClient(rows, limit);
    return page.nextCursor === null && upto !== undefined
      ? { ...page, nextCursor: this.cursors.write(upto) }
      : page;
  }

  /** The messages of a client, the newest mailing first; those of a deleted one can still be looked up. */
  async listOfClient(clientId: number, query: PageQuery): Promise<Page<MessageDto>> {
    const before = this.cursorsOfClient.read(query.cursor) ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.reader.listOfClient(clientId, before, query.limit + 1);
    if (rows.length === 0 && !(await this.reader.clientExists(clientId))) {
      throw Problem.notFound('client', clientId);
    }
    return this.cursorsOfClient.page(rows, query.limit, ({ mailingId }) => mailingId, toMessageDto);
  }

  /** A message with its attempts. */
  async get(id: number): Promise<MessageWithAttemptsDto> {
    const message = await this.reader.find(id);
    if (!message) throw Problem.notFound('message', id);
    return Object.assign(toMessageDto(message), { attemptLog: await this.reader.attempts(id) });
  }

  private pageByClient(rows: readonly MessageRow[], limit: number): Page<MessageDto> {
    return this.cursors.page(rows, limit, ({ clientId }) => clientId, toMessageDto);
  }
}
