import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { MessagePageDto, MessagesQuery, MessagesService, MessageWithAttemptsDto } from '#libs/messages';
import { PageQuery } from '#libs/payloads';
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

@ApiTags('messages')
@Controller('v1')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

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
}
