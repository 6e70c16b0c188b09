import { MessagePattern, Payload } from '@nestjs/microservices';
import { afterCommitted } from '#libs/database';
import { Repeatable } from '#libs/idempotency';
import {
  MessagePageDto,
  MessageResolver,
  MessagesQuery,
  MessagesService,
  MessageWithAttemptsDto,
  ResolvedMessagesDto,
  ResolveMessageDto,
  ResolveMessagesDto,
} from '#libs/messages';
import { PageQuery, requireId, validatePayload } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { FieldsBesideId, Id, IdAmongFields } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

/** Two lists in one subject: they differ by whose messages are asked for. */
interface MessageListing {
  mailingId?: unknown;
  clientId?: unknown;
}

@RequestReply()
export class MessagesNatsController {
  constructor(
    private readonly messages: MessagesService,
    private readonly resolver: MessageResolver,
  ) {}

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
      return this.messages.listOfClient(
        requireId(clientId, 'clientId'),
        await validatePayload(PageQuery, query),
      );
    }
    return this.messages.listOfMailing(
      requireId(mailingId, 'mailingId'),
      await validatePayload(MessagesQuery, query),
    );
  }

  @MessagePattern('ems.messages.resolve')
  async resolve(
    @IdAmongFields() id: number,
    @FieldsBesideId() { as }: ResolveMessageDto,
  ): Promise<MessageWithAttemptsDto> {
    await this.resolver.resolve(id, as);
    return afterCommitted(() => this.messages.get(id));
  }

  @MessagePattern('ems.mailings.resolve')
  @Repeatable()
  resolveAll(
    @IdAmongFields() id: number,
    @FieldsBesideId() dto: ResolveMessagesDto,
  ): Promise<ResolvedMessagesDto> {
    return this.resolver.resolveAll(id, dto);
  }
}
