import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ControlConfirmation } from './control-confirmation.js';
import { MailingControl } from './mailing-control.js';
import { MailingStore } from './mailing-store.js';
import { Mailing } from './mailing.entity.js';
import { MailingsService } from './mailings.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Mailing])],
  providers: [MailingsService, MailingControl, ControlConfirmation, MailingStore],
  exports: [MailingsService, MailingControl],
})
export class MailingsModule {}
