import { Injectable } from '@nestjs/common';
import { OnPartneroEvent, type PartneroEventOf } from 'nestjs-partnero';

export interface Commission {
  readonly sale: string;
  readonly amount: number;
}

/** Where a real app has its database. */
@Injectable()
export class Commissions {
  /** By sale: whoever hears of one twice has it once. */
  private readonly bySale = new Map<string, Commission>();
  private offline = 0;

  get all(): Commission[] {
    return [...this.bySale.values()];
  }

  /** The next so many events find no database. */
  failFor(events: number): void {
    this.offline = events;
  }

  /** If this throws, it gets the event again, and nobody else does. */
  @OnPartneroEvent('transaction.created')
  add({ data }: PartneroEventOf<'transaction.created'>): void {
    if (this.offline > 0) {
      this.offline -= 1;
      throw new Error('The database is down.');
    }
    const { key: sale, rewards = [] } = data;
    if (sale === undefined) return;
    const amount = rewards.reduce((sum, reward) => sum + (reward.amount ?? 0), 0);
    this.bySale.set(sale, { sale, amount });
  }

  @OnPartneroEvent('transaction.deleted')
  takeBack({ data }: PartneroEventOf<'transaction.deleted'>): void {
    if (data.key !== undefined) this.bySale.delete(data.key);
  }
}
