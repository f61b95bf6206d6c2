import { isStorable } from '../../common/stored-name.js';
import type { SubmittedJob } from '../job.js';
import { StoreError } from './store.error.js';

/**
 * Databases refuse such keys, or store them so that they are never found again.
 * @throws StoreError
 */
export function checkKeys({ orderingKey, referralKey, key }: SubmittedJob): void {
  for (const each of [orderingKey, referralKey ?? '', key?.value ?? '']) {
    if (typeof each === 'string' && isStorable(each)) continue;
    throw new StoreError({ code: 'INVALID_KEY', message: '' });
  }
}
