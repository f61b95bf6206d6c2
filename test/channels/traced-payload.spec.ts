import { readTraced, withTraceparent } from '#lib/channels/traced-payload.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('a trace context and a payload that were saved together are read apart', () => {
  for (const payload of ['{"fields":{}}', 'inv-1', '']) {
    const saved = withTraceparent(payload, TRACEPARENT);
    expect(readTraced(saved)).toEqual({ payload, traceparent: TRACEPARENT });
  }
});

it('a payload without a trace context is read as it is', () => {
  for (const payload of ['{"fields":{}}', 'inv-1', '', TRACEPARENT]) {
    expect(withTraceparent(payload, undefined)).toBe(payload);
    expect(readTraced(payload)).toEqual({ payload, traceparent: undefined });
  }
});

it('what is no trace context is not saved', () => {
  for (const given of ['', 'undefined', '00-xyz', `${TRACEPARENT}\n${TRACEPARENT}`, 'a\nb']) {
    expect(withTraceparent('{}', given)).toBe('{}');
  }
});
