import { outboxConformance, type OutboxConformanceOptions } from 'nestjs-partnero/testing';
import { runCases } from '#lib/testing/conformance/outbox-conformance.js';
import { moreDeadLetterCases } from './strict/dead-letter.cases.js';
import { moreHeldCases } from './strict/held.cases.js';
import { moreHistoryCases } from './strict/history.cases.js';
import { moreOrderCases } from './strict/order.cases.js';
import { morePauseCases } from './strict/pause.cases.js';
import { moreRetryCases } from './strict/retry.cases.js';
import { moreShutdownCases } from './strict/shutdown.cases.js';
import { moreStatsCases } from './strict/stats.cases.js';
import { stringCases } from './strict/string.cases.js';
import { moreSubmitCases } from './strict/submit.cases.js';

/** The exported suite and, for the engines of this package, more: races, many jobs, odd strings. */
export function strictOutboxConformance(options: OutboxConformanceOptions): void {
  outboxConformance(options);
  runCases(options, {
    'more held jobs': moreHeldCases,
    'more order': moreOrderCases,
    'more submitted jobs': moreSubmitCases,
    'more retries': moreRetryCases,
    'more pauses': morePauseCases,
    'more dead letters': moreDeadLetterCases,
    'more history': moreHistoryCases,
    'more stats': moreStatsCases,
    'more shutdown': moreShutdownCases,
    strings: stringCases,
  });
}
