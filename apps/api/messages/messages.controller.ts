import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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
import { PageQuery } from '#libs/payloads';
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

@ApiTags('messages')
@Controller('v1')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly resolver: MessageResolver,
  ) {}

  @Get('mailings/:id/messages')
  @Operation({
    summary: 'List the messages of a mailing',
    description:
      'Ordered by client. With a `status`, a page may have fewer messages than `limit`, or none, and still have a next page. Go on until `nextCursor` is null.',
    id: 'mailing',
    answer: { status: 200, description: 'A page of messages.', type: MessagePageDto },
    problems: { 'not-found': 'There is no such mailing.' },
  })
  listOfMailing(@Id() id: number, @Query() query: MessagesQuery): Promise<MessagePageDto> {
    return this.messages.listOfMailing(id, query);
  }

  @Get('clients/:id/messages')
  @Operation({
    summary: 'List the messages of a client',
    description: 'The newest mailing first. The messages of a deleted client are listed as well.',
    id: 'client',
    answer: { status: 200, description: 'A page of messages.', type: MessagePageDto },
    problems: { 'not-found': 'There is no such client, and there are no messages of a client with this id.' },
  })
  listOfClient(@Id() id: number, @Query() query: PageQuery): Promise<MessagePageDto> {
    return this.messages.listOfClient(id, query);
  }

  @Get('messages/:id')
  @Operation({
    summary: 'Show a message with its attempts',
    id: 'message',
    answer: { status: 200, description: 'The message.', type: MessageWithAttemptsDto },
    problems: { 'not-found': 'There is no such message.' },
  })
  get(@Id() id: number): Promise<MessageWithAttemptsDto> {
    return this.messages.get(id);
  }

  @Post('messages/:id/resolve')
  @Operation({
    summary: 'Resolve a message that may have been sent',
    description:
      'Decides what becomes of a message with the status `unknown`. If the provider turns out to have accepted the message, the message becomes `sent`, whatever was decided. `resend` needs a mailing that is not cancelled and whose end has not passed. A mailing that was completed before its end becomes `running` again.',
    id: 'message',
    answer: { status: 200, description: 'The message as it is now.', type: MessageWithAttemptsDto },
    takesBody: true,
    problems: {
      'not-found': 'There is no such message.',
      conflict:
        'The message is not `unknown`. Or `resend` is not possible: the mailing is cancelled or past its end, or the client is deleted.',
    },
  })
  async resolve(@Id() id: number, @Body() { as }: ResolveMessageDto): Promise<MessageWithAttemptsDto> {
    await this.resolver.resolve(id, as);
    return afterCommitted(() => this.messages.get(id));
  }

  @Post('mailings/:id/resolve')
  @Repeatable()
  @Operation({
    summary: 'Resolve all messages of a mailing that may have been sent',
    description:
      'Decides the same for each message of the mailing with the status `unknown`. `resend` leaves out messages to deleted clients. After 5 seconds, the answer has a `nextCursor`: repeat the call with that as `cursor`, until `nextCursor` is null.',
    id: 'mailing',
    answer: { status: 200, description: 'How many messages were resolved.', type: ResolvedMessagesDto },
    takesBody: true,
    problems: {
      'not-found': 'There is no such mailing.',
      conflict: '`resend` is not possible: the mailing is cancelled or past its end.',
    },
  })
  resolveAll(@Id() id: number, @Body() dto: ResolveMessagesDto): Promise<ResolvedMessagesDto> {
    return this.resolver.resolveAll(id, dto);
  }
}
