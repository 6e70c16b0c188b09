import { Module } from '@nestjs/common';
import { MessageReader } from './message-reader.js';
import { MessageResolver } from './message-resolver.js';
import { MessagesService } from './messages.service.js';

/** What the API asks for: reading, and a person's word about what is unknown. The engine's statements are functions that dispatchers call with a connection. */
@Module({
  providers: [MessagesService, MessageReader, MessageResolver],
  exports: [MessagesService, MessageResolver],
})
export class MessagesModule {}
