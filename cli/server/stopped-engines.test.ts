import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { EnginesAtStop, engineFates } from './stopped-engines.ts';

const ENGINES = [
  { name: 'chat', pid: 1 },
  { name: 'embed', pid: 2 },
  { name: 'code', pid: 3 },
];

describe('the fate of the engines of a stopped server', () => {
  it.each([
    ['all live on', [1, 2, 3], ['engines keep running, and the next server adopts them: chat, embed, code']],
    ['all ended', [], ['stopped: chat, embed, code']],
    ['some live on', [2], ['stopped: chat, code', 'engines keep running, and the next server adopts them: embed']],
  ])('is reported when %s', (_what, alive, lines) => {
    expect(engineFates(ENGINES, (pid) => alive.includes(pid))).toEqual(lines);
  });

  it('is reported when there were none, or they are unknown', () => {
    expect(engineFates([], () => true)).toEqual(['no engine was running']);
    expect(engineFates(null, () => true)).toEqual([
      'engines that were running keep running, and the next server adopts them',
    ]);
  });
});

describe('the engines of a server whose rate limit is reached', () => {
  /** Asks a server that refuses the first request for now. */
  async function listed(onRetry?: () => void): Promise<unknown> {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      const headers = { 'content-type': 'application/json', 'retry-after': '0' };
      response.writeHead(asked === 1 ? 429 : 200, headers);
      response.end(asked === 1 ? '{"error":"too many","code":"RATE_LIMITED"}' : '{"instances":[]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const address = { url: `http://127.0.0.1:${port}`, token: null };
      return await new EnginesAtStop(
        address,
        new AbortController().signal,
        onRetry === undefined ? null : { onRetry, rateLimitWait: 60 },
      ).list();
    } finally {
      server.close();
    }
  }

  it('are listed after the wait if they are to be stopped, else unknown', async () => {
    const waits: number[] = [];
    expect(await listed(() => waits.push(1))).toEqual([]);
    expect(waits).toEqual([1]);
    expect(await listed()).toBe(null);
  });
});
