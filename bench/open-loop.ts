import { Agent, request } from 'node:http';

export interface OpenLoop {
  readonly url: string;
  readonly ratePerSecond: number;
  readonly seconds: number;
  /** A visitor doesn't wait longer than that. */
  readonly patienceMs: number;
}

export interface OpenLoopResult {
  /** Milliseconds from the moment a request was due, so that no wait is left out. */
  readonly latencies: number[];
  readonly failed: number;
}

/** Visitors come at a fixed rate, whether or not those before them have been answered. */
export async function openLoop(loop: OpenLoop): Promise<OpenLoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
  const latencies: number[] = [];
  let failed = 0;
  const total = loop.ratePerSecond * loop.seconds;
  const started = performance.now();
  const visits: Promise<void>[] = [];
  for (let i = 0; i < total; i += 1) {
    const due = started + (i * 1_000) / loop.ratePerSecond;
    const wait = due - performance.now();
    if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
    // A timer may be a little early.
    const from = Math.min(due, performance.now());
    const visit = signUp(loop, agent, i).then((ok) => {
      if (ok) latencies.push(performance.now() - from);
      else failed += 1;
    });
    visits.push(visit);
  }
  await Promise.all(visits);
  agent.destroy();
  return { latencies, failed };
}

function signUp({ url, patienceMs }: OpenLoop, agent: Agent, i: number): Promise<boolean> {
  const body = JSON.stringify({ email: `visitor-${i}@example.com` });
  return new Promise((resolve) => {
    const visit = request(
      url,
      {
        agent,
        method: 'POST',
        timeout: patienceMs,
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          cookie: 'partnero_partner=ann',
        },
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 201));
        response.once('error', () => resolve(false));
      },
    );
    visit.once('timeout', () => visit.destroy());
    visit.once('error', () => resolve(false));
    visit.end(body);
  });
}
