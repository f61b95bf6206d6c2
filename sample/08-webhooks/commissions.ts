import { Injectable } from '@nestjs/common';
import { OnPartneroEvent, type PartneroEventOf } from 'nestjs-partnero';

export interface Commission {
  readonly sale: string;
  readonly amount: number;
}

/** Where a real app has its database. */
@Injectable()
export class Commissions {
  /** By sale, so that an event that arrives twice counts once. */
  private readonly bySale = new Map<string, Commission>();
  private offline = 0;

  get all(): Commission[] {
    return [...this.bySale.values()];
  }

  /** Fails for the next `events` events. */
  failFor(events: number): void {
    this.offline = events;
  }

  /** If this throws, only this handler gets the event again. */
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
