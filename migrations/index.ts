import { CreateRecipientsAndMailings1764000000000 } from './1764000000000-create-recipients-and-mailings.js';
import { CreateMessageQueue1764000000001 } from './1764000000001-create-message-queue.js';

/** Every migration, oldest first. */
export const migrations = [CreateRecipientsAndMailings1764000000000, CreateMessageQueue1764000000001];
