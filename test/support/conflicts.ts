import type { Outcome, PartneroModuleOptions } from 'nestjs-partnero';
import { startApi } from './api.js';
import { eventually } from './eventually.js';
import type { FakeApiVariants } from './fake-partnero/api-variants.js';

/** A service on a fake that takes these sides. */
export const affiliate = (apiVariants: Partial<FakeApiVariants>, options?: PartneroModuleOptions) =>
  startApi({ apiVariants }, options);

export const referAFriend = (apiVariants: Partial<FakeApiVariants>) =>
  startApi({ apiVariants, program: 'refer-a-friend' });

export const ada = { key: 'user-1', email: 'ada@example.com', partner: { key: 'ann' } };
export const amount = { amount: '49.00', currency: 'USD' };
export const sale = { key: 'order-1', customer: { key: 'user-1' }, amount };

/** How the attribution of a customer ended. */
export async function attributed(
  apiVariants: Partial<FakeApiVariants>,
  times = 1,
): Promise<Outcome> {
  const ended: Outcome[] = [];
  const { service } = await affiliate(apiVariants, {
    onOutcome: (outcome) => void ended.push(outcome),
  });
  for (let i = 1; i <= times; i += 1) {
    await service.attribute({ key: 'ann' }, { id: 'user-1' });
    await eventually(() => ended.length === i);
  }
  return ended.at(-1)!;
}
