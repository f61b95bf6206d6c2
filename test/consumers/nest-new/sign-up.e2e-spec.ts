import { signUp } from '../src/sign-up.js';

it('a sign-up is attributed', async () => {
  const { partner, http } = await signUp();
  expect(partner).toBe('ann');
  expect(http).toBe(process.env.EXPECTED_HTTP);
}, 60_000);
