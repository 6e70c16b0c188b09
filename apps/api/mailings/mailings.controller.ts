import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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
import { Operation } from '../http/operation.js';
import { Id } from '../http/payload-pipe.js';

const notFound = { 'not-found': 'There is no such mailing.' };

@ApiTags('mailings')
@Controller('v1/mailings')
export class MailingsController {
  constructor(
    private readonly mailings: MailingsService,
    private readonly control: MailingControl,
  ) {}

  @Post()
  @Operation({
    summary: 'Add a mailing',
    description:
      'The mailing starts by itself at `startAt`, or at once if that time has passed. Sending ends for good at `endAt`.',
    answer: { status: 201, description: 'The mailing.', type: MailingDto, location: '/v1/mailings/1' },
    takesBody: true,
  })
  create(@Body() dto: CreateMailingDto): Promise<MailingDto> {
    return this.mailings.create(dto);
  }

  @Get()
  @Operation({
    summary: 'List mailings',
    description: 'The newest first.',
    answer: { status: 200, description: 'A page of mailings.', type: MailingPageDto },
  })
  list(@Query() query: MailingsQuery): Promise<MailingPageDto> {
    return this.mailings.list(query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a mailing',
    id: 'mailing',
    answer: { status: 200, description: 'The mailing.', type: MailingDto },
    problems: notFound,
  })
  get(@Id() id: number): Promise<MailingDto> {
    return this.mailings.get(id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a mailing',
    description:
      'Fields that are left out stay as they are. Before the mailing has started, scheduled or paused, every field can be changed. Afterwards, only `endAt`, `priority` and `rateLimit` can be changed. A new rate limit applies within a second. The dispatchers confirm an earlier end as they confirm a pause. A later end does not revive messages with a final status.',
    id: 'mailing',
    answer: { status: 200, description: 'The mailing as it is now.', type: ControlledMailingDto },
    takesBody: true,
    example: { of: UpdateMailingDto, value: { endAt: '2030-03-02T12:00:00+03:00', rateLimit: 50 } },
    problems: {
      ...notFound,
      conflict: 'A field of the request cannot be changed in the status of the mailing.',
    },
  })
  update(@Id() id: number, @Body() dto: UpdateMailingDto): Promise<ControlledMailingDto> {
    return this.mailings.update(id, dto);
  }

  @Delete(':id')
  @Operation({
    summary: 'Delete a mailing',
    description:
      'Deletes its messages and its statistics as well. Cancel a running or paused mailing first. The total counts lose its messages in one step, when the messages are removed: within seconds, later for a big mailing.',
    id: 'mailing',
    answer: { status: 204, description: 'The mailing is deleted.' },
    problems: { ...notFound, conflict: 'The mailing is running or paused.' },
  })
  delete(@Id() id: number): Promise<void> {
    return this.mailings.delete(id);
  }

  @Post(':id/pause')
  @Repeatable()
  @Operation({
    summary: 'Pause a mailing',
    description:
      'Answers when every live dispatcher has confirmed that it starts no more requests of the mailing, or after 3 seconds. Pausing a paused mailing succeeds.',
    id: 'mailing',
    answer: {
      status: 200,
      description: 'The mailing, and its requests in flight.',
      type: ControlledMailingDto,
    },
    problems: { ...notFound, conflict: 'The mailing is completed or cancelled.' },
  })
  pause(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.pause(id);
  }

  @Post(':id/resume')
  @Operation({
    summary: 'Resume a paused mailing',
    description: 'Resuming a running or scheduled mailing succeeds.',
    id: 'mailing',
    answer: { status: 200, description: 'The mailing.', type: MailingDto },
    problems: {
      ...notFound,
      conflict: 'The end of the mailing has passed, or the mailing is completed or cancelled.',
    },
  })
  resume(@Id() id: number): Promise<MailingDto> {
    return this.control.resume(id);
  }

  @Post(':id/cancel')
  @Repeatable()
  @Operation({
    summary: 'Cancel a mailing for good',
    description:
      'Answers as a pause does. Messages that were not sent become `cancelled`, which may take a while. Cancelling a cancelled mailing succeeds.',
    id: 'mailing',
    answer: {
      status: 200,
      description: 'The mailing, and its requests in flight.',
      type: ControlledMailingDto,
    },
    problems: { ...notFound, conflict: 'The mailing is completed.' },
  })
  cancel(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.cancel(id);
  }
}
