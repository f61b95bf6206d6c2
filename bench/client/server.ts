// Answers as POST /customers does, at next to no cost: what is measured is who asks.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER = Buffer.from(
  JSON.stringify({
    data: {
      key: 'user-1',
      partner: 'partner_123',
      deleted: false,
      name: 'Ada',
      surname: null,
      email: 'ada@example.com',
      status: 'active',
      created_at: '2025-05-02T16:12:39.000000Z',
      updated_at: '2025-05-02T16:12:39.000000Z',
      deleted_at: null,
      tags: [],
    },
    status: 1,
  }),
);

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length };
    response.writeHead(201, headers).end(ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ baseUrl: `http://127.0.0.1:${port}/v1` });
});
process.on('disconnect', () => process.exit());
