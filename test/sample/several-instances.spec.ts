import { endSamples, runSample } from '../support/sample-process.js';

const SAMPLE = '09-several-instances';

afterEach(endSamples);

describe('sample/09-several-instances', () => {
  it('loses nothing and doubles nothing when one of two instances is killed', async () => {
    const { code, output } = await runSample(SAMPLE, {});
    expect(output).toContain('60 visitors signed up at the first instance');
    expect(output).toMatch(/Pending: [1-9]/);
    expect(output).toContain('At Partnero: 60. Lost: 0. Twice: 0.');
    expect(output).toContain('60 queued, 0 pending');
    expect(code).toBe(0);
  });

  it('names what it needs where there is no Redis', async () => {
    const { code, output } = await runSample(SAMPLE, { PATH: '/nowhere' });
    expect(output).toContain('install redis-server');
    expect(code).toBe(1);
  });
});
