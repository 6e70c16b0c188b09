import { CreateRecipientsAndMailings1764000000000 } from './1764000000000-create-recipients-and-mailings.js';
import { CreateMessageQueue1764000000001 } from './1764000000001-create-message-queue.js';
import { AddLocalWindows1764000000002 } from './1764000000002-add-local-windows.js';
import { AddProviderTerms1764000000003 } from './1764000000003-add-provider-terms.js';
import { AddAmbiguityPolicy1764000000004 } from './1764000000004-add-ambiguity-policy.js';
import { AddIdempotencyKeys1764000000005 } from './1764000000005-add-idempotency-keys.js';
import { LeaveRoomForUpdates1764000000006 } from './1764000000006-leave-room-for-updates.js';
import { SpellTagsOneWay1764000000007 } from './1764000000007-spell-tags-one-way.js';
import { AddSuspicions1764000000008 } from './1764000000008-add-suspicions.js';
import { TellOwnAnswersApart1764000000009 } from './1764000000009-tell-own-answers-apart.js';
import { RememberRefutedWitnesses1764000000010 } from './1764000000010-remember-refuted-witnesses.js';

/** Every migration, oldest first. */
export const migrations = [
  CreateRecipientsAndMailings1764000000000,
  CreateMessageQueue1764000000001,
  AddLocalWindows1764000000002,
  AddProviderTerms1764000000003,
  AddAmbiguityPolicy1764000000004,
  AddIdempotencyKeys1764000000005,
  LeaveRoomForUpdates1764000000006,
  SpellTagsOneWay1764000000007,
  AddSuspicions1764000000008,
  TellOwnAnswersApart1764000000009,
  RememberRefutedWitnesses1764000000010,
];
