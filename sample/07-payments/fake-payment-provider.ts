import { setTimeout as sleep } from 'node:timers/promises';
import type { FakePartnero } from 'nestjs-partnero/testing';

export interface Payment {
  readonly id: string;
  /** In cents, as providers count. */
  readonly amount: number;
  readonly currency: string;
  readonly client: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PaymentEvent {
  readonly type: 'invoice.paid' | 'invoice.refunded';
  readonly invoice: Payment;
}

/** Charges nobody, and reports each payment as providers do: more than once. */
export class FakePaymentProvider {
  private readonly payments = new Map<string, Payment>();
  private webhook = '';

  /** @param partnero given if the provider is connected there */
  constructor(private readonly partnero: FakePartnero | null) {}

  deliverTo(url: string): void {
    this.webhook = url;
  }

  async charge(order: Omit<Payment, 'id'>): Promise<Payment> {
    const payment = { ...order, id: `in_${this.payments.size + 1}` };
    this.payments.set(payment.id, payment);
    if (this.partnero) await this.recordAtPartnero(payment);
    await this.report({ type: 'invoice.paid', invoice: payment });
    return payment;
  }

  async refund(id: string): Promise<void> {
    const invoice = this.payments.get(id);
    if (invoice) await this.report({ type: 'invoice.refunded', invoice });
  }

  /** Sends each event twice, and again until it is answered 2xx. */
  private async report(event: PaymentEvent): Promise<void> {
    const body = JSON.stringify(event);
    const headers = { 'content-type': 'application/json' };
    for (let delivered = 0; delivered < 2;) {
      const { ok } = await fetch(this.webhook, { method: 'POST', headers, body });
      if (ok) delivered += 1;
      else await sleep(50);
    }
  }

  /** Partnero's own integration finds the customer by `customer_key`. */
  private async recordAtPartnero({ id, amount, currency, metadata }: Payment): Promise<void> {
    const { baseUrl, apiKey } = this.partnero!;
    await fetch(`${baseUrl}/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        key: id,
        customer: { key: metadata['customer_key'] },
        amount: amount / 100,
        amount_units: currency.toUpperCase(),
      }),
    });
  }
}
