import { Module } from '@nestjs/common';
import { CounterSums } from './counter-sums.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  providers: [StatisticsService, CounterSums],
  exports: [StatisticsService],
})
export class StatisticsModule {}
