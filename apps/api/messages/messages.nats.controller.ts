import { MessagePattern, Payload } from '@nestjs/microservices';
import { MessagePageDto, MessagesQuery, MessagesService, MessageWithAttemptsDto } from '#libs/messages';
import { PageQuery, parseId, validatePayload } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { Id } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

/** Two lists in one subject: they differ by whose messages are asked for. */
interface MessageListing {
  mailingId?: unknown;
  clientId?: unknown;
}

@RequestReply()
export class MessagesNatsController {
  constructor(private readonly messages: MessagesService) {}

  @MessagePattern('ems.messages.get')
  get(@Id() id: number): Promise<MessageWithAttemptsDto> {
    return this.messages.get(id);
  }

  @MessagePattern('ems.messages.list')
  async list(@Payload() { mailingId, clientId, ...query }: MessageListing): Promise<MessagePageDto> {
    if ((mailingId === undefined) === (clientId === undefined)) {
      throw Problem.invalid([{ path: '', message: 'must have either a mailingId or a clientId' }]);
    }
    if (mailingId === undefined) {
      return this.messages.listOfClient(parseId(clientId, 'clientId'), validatePayload(PageQuery, query));
    }
    return this.messages.listOfMailing(
      parseId(mailingId, 'mailingId'),
      validatePayload(MessagesQuery, query),
    );
  }
}
