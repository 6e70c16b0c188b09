export * from './ambiguity-policy.js';
export { Audience } from './audience.js';
export { MailingControl } from './mailing-control.js';
export * from './mailing-status.js';
export {
  ControlledMailingDto,
  CreateMailingDto,
  LocalWindow,
  MailingDto,
  MailingPageDto,
  MailingsQuery,
  UpdateMailingDto,
} from './mailing.dto.js';
export { MailingsModule } from './mailings.module.js';
export { MailingsService } from './mailings.service.js';
