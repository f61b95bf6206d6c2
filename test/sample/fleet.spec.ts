import { endSamples, runSample } from '../support/sample-process.js';

afterEach(endSamples);

describe('sample/09-fleet', () => {
  it('loses nothing and doubles nothing when one of two processes is killed', async () => {
    const { code, output } = await runSample('09-fleet', {});
    expect(output).toContain("60 of Ann's visitors have signed up");
    expect(output).toMatch(/Pending in Redis: [1-9]/);
    expect(output).toContain('At Partnero: 60. Lost: 0. Twice: 0.');
    expect(output).toContain('60 queued, 0 pending');
    expect(code).toBe(0);
  });

  it('says what it needs where there is no Redis', async () => {
    const { code, output } = await runSample('09-fleet', { PATH: '/nowhere' });
    expect(output).toContain('install redis-server');
    expect(code).toBe(1);
  });
});
