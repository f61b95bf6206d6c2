// A FakePartnero of its own: what answers must not share a processor with what is measured.
import { FakePartnero, type FakeFault } from 'nestjs-partnero/testing';

const fake = await FakePartnero.start({ partners: ['ann'] });
process.send?.({ baseUrl: fake.baseUrl, apiKey: fake.apiKey });
process.on('message', (fault: FakeFault | 'heal' | 'count') => {
  if (fault === 'count') return void process.send?.({ delivered: fake.customers.length });
  fake.heal();
  if (fault !== 'heal') fake.misbehave(fault);
  process.send?.({});
});
process.on('disconnect', () => process.exit());
