import { Module } from '@nestjs/common';
import { MessageReader } from './message-reader.js';
import { MessagesService } from './messages.service.js';

/** The reading side. The engine's statements are functions that dispatchers call with a connection. */
@Module({
  providers: [MessagesService, MessageReader],
  exports: [MessagesService],
})
export class MessagesModule {}
