export { MailingStatisticsDto, MailingStatisticsPageDto, StatisticsDto } from './statistics.dto.js';
export { StatisticsModule } from './statistics.module.js';
export { StatisticsService } from './statistics.service.js';
