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
      'It starts by itself at `startAt`, at once if that is in the past, and ends for good at `endAt`.',
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
      'What is left out stays. Before it has started, scheduled or paused, everything can be changed, afterwards `endAt`, `priority` and `rateLimit` only. A new rate limit holds within a second. An earlier end is confirmed by the dispatchers like a pause; a later one revives nothing that has ended.',
    id: 'mailing',
    answer: { status: 200, description: 'The mailing as it is now.', type: ControlledMailingDto },
    takesBody: true,
    example: { of: UpdateMailingDto, value: { endAt: '2030-03-02T12:00:00+03:00', rateLimit: 50 } },
    problems: { ...notFound, conflict: 'A given field can not be changed in its status.' },
  })
  update(@Id() id: number, @Body() dto: UpdateMailingDto): Promise<ControlledMailingDto> {
    return this.mailings.update(id, dto);
  }

  @Delete(':id')
  @Operation({
    summary: 'Delete a mailing',
    description:
      'Together with its messages and its statistics. One that runs or is paused is to be cancelled first. The counts of all mailings together lose its messages in one step, when these are removed: within seconds, later for a big mailing.',
    id: 'mailing',
    answer: { status: 204, description: 'It is gone.' },
    problems: { ...notFound, conflict: 'It runs or is paused.' },
  })
  delete(@Id() id: number): Promise<void> {
    return this.mailings.delete(id);
  }

  @Post(':id/pause')
  @Repeatable()
  @Operation({
    summary: 'Pause a mailing',
    description:
      'Answers when every living dispatcher has confirmed that nothing more leaves it, or after 3 seconds. Pausing a paused one is fine.',
    id: 'mailing',
    answer: {
      status: 200,
      description: 'The mailing, and what was on the wire.',
      type: ControlledMailingDto,
    },
    problems: { ...notFound, conflict: 'It is completed or cancelled.' },
  })
  pause(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.pause(id);
  }

  @Post(':id/resume')
  @Operation({
    summary: 'Resume a paused mailing',
    description: 'Resuming one that runs or is scheduled is fine.',
    id: 'mailing',
    answer: { status: 200, description: 'The mailing.', type: MailingDto },
    problems: { ...notFound, conflict: 'Its end has passed, or it is completed or cancelled.' },
  })
  resume(@Id() id: number): Promise<MailingDto> {
    return this.control.resume(id);
  }

  @Post(':id/cancel')
  @Repeatable()
  @Operation({
    summary: 'Cancel a mailing for good',
    description:
      'Answers like a pause. What was not sent becomes `cancelled`; that may take a while. Cancelling a cancelled one is fine.',
    id: 'mailing',
    answer: {
      status: 200,
      description: 'The mailing, and what was on the wire.',
      type: ControlledMailingDto,
    },
    problems: { ...notFound, conflict: 'It is completed.' },
  })
  cancel(@Id() id: number): Promise<ControlledMailingDto> {
    return this.control.cancel(id);
  }
}
