export { cancelMessagesOfClient } from './cancel-messages-of-client.js';
export { MessageResolver } from './message-resolver.js';
export { MessagePageDto, MessagesQuery, MessageWithAttemptsDto } from './message.dto.js';
export { MessagesModule } from './messages.module.js';
export { MessagesService } from './messages.service.js';
export { ResolvedMessagesDto, ResolveMessageDto, ResolveMessagesDto } from './resolution.dto.js';
export {
  countUnknown,
  lockMailing,
  reopenMailing,
  type Resolution,
  resolveMessages,
} from './resolve-messages.js';
