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
      'By client. With a status, a page may hold fewer than were asked for, or none, and still have a next one: go on until `nextCursor` is null.',
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
    description: 'The newest mailing first; also of a client that was deleted.',
    id: 'client',
    answer: { status: 200, description: 'A page of messages.', type: MessagePageDto },
    problems: { 'not-found': 'There is no such client, and no message of it.' },
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
      'Says what became of a message that is `unknown`, and so what it is from now on. If the provider is heard to have taken it after all, it becomes `sent` whatever was decided. Sending again needs a mailing that still goes on; one that was completed before its end goes on for it.',
    id: 'message',
    answer: { status: 200, description: 'The message as it is now.', type: MessageWithAttemptsDto },
    takesBody: true,
    problems: {
      'not-found': 'There is no such message.',
      conflict:
        'It is not `unknown`; or it is to be sent again, and its mailing is cancelled or over, or its client deleted.',
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
      'The same for each message of the mailing that is `unknown`, except that nothing is sent again to clients that were deleted. After 5 seconds the answer tells how far it came: call again with `nextCursor` until that is null.',
    id: 'mailing',
    answer: { status: 200, description: 'How many were resolved.', type: ResolvedMessagesDto },
    takesBody: true,
    problems: {
      'not-found': 'There is no such mailing.',
      conflict: 'They are to be sent again, and the mailing is cancelled or over.',
    },
  })
  resolveAll(@Id() id: number, @Body() dto: ResolveMessagesDto): Promise<ResolvedMessagesDto> {
    return this.resolver.resolveAll(id, dto);
  }
}
