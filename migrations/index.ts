import { CreateRecipientsAndMailings1764000000000 } from './1764000000000-create-recipients-and-mailings.js';
import { CreateMessageQueue1764000000001 } from './1764000000001-create-message-queue.js';
import { AddLocalWindows1764000000002 } from './1764000000002-add-local-windows.js';

/** Every migration, oldest first. */
export const migrations = [
  CreateRecipientsAndMailings1764000000000,
  CreateMessageQueue1764000000001,
  AddLocalWindows1764000000002,
];
