import { Module } from '@nestjs/common';
import { IdempotentCalls } from './idempotent-calls.js';
import { KeptAnswers } from './kept-answers.js';

/** Requests that can be repeated under their key. */
@Module({
  providers: [IdempotentCalls, KeptAnswers],
  exports: [IdempotentCalls],
})
export class IdempotencyModule {}
