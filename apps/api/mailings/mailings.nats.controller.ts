import { MessagePattern } from '@nestjs/microservices';
import { Repeatable } from '#libs/idempotency';
import {
  ControlledMailingDto,
  CreateMailingDto,
  MailingControl,
  MailingDto,
  MailingPageDto,
  MailingsQuery,
  MailingsService,
  UpdateMailingDto,
} from '#libs/mailings';
import { Fields, FieldsBesideId, Id, IdAmongFields } from '../nats/payload.js';
import { RequestReply } from '../nats/request-reply.js';

@RequestReply()
export class MailingsNatsController {
  constructor(
    private readonly mailings: MailingsService,
    private readonly control: MailingControl,
  ) {}

  @MessagePattern('ems.mailings.create')
  create(@Fields() dto: CreateMailingDto): Promise<MailingDto> {
    return this.mailings.create(dto);
  }

  @MessagePattern('ems.mailings.get')
  get(@Id() id: number): Promise<MailingDto> {
    return this.mailings.get(id);
  }

  @MessagePattern('ems.mailings.update')
  update(
    @IdAmongFields() id: number,
    @FieldsBesideId() dto: UpdateMailingDto,
  ): Promise<ControlledMailingDto> {
    return this.mailings.update(id, dto);
  }

  @MessagePattern('ems.mailings.delete')
  delete(@Id() id: number): Promise<void> {
    return this.mailings.delete(id);
  }

  @MessagePattern('ems.mailings.list')
  list(@Fields() query: MailingsQuery): Promise<MailingPageDto> {
    return this.mailings.list(query);
  }

  @MessagePattern('ems.mailings.pause')
  @Repeatable()
  pause(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.pause(id);
  }

  @MessagePattern('ems.mailings.resume')
  resume(@Id() id: number): Promise<MailingDto> {
    return this.control.resume(id);
  }

  @MessagePattern('ems.mailings.cancel')
  @Repeatable()
  cancel(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.cancel(id);
  }
}
