import type { AuditRow } from '@llamactl/contract/auth';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuditTrail } from '../../auth/audit.ts';
import type { AuditQuery } from '../../auth/auth-ports.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { MemoryAudit } from '../../testing/memory-audit.ts';
import { testServer, type TestServer } from '../../testing/http-harness.ts';

let trail: AuditTrail;
let queries: AuditQuery[];
let test: TestServer;

beforeEach(() => {
  trail = new AuditTrail({
    store: new MemoryAudit(),
    clock: new FakeClock(),
    onFault: (error) => expect(error).toBe(null),
  });
  queries = [];
  const audit = {
    record: () => undefined,
    read: async (query: AuditQuery): Promise<AuditRow[]> => {
      queries.push(query);
      return trail.read(query);
    },
  };
  test = testServer({ audit });
});

function fill(count: number): void {
  const row = { address: '192.0.2.1', target: 'mine', status: 200, requestId: 'r' };
  for (let index = 1; index <= count; index += 1) {
    trail.record({ ...row, subject: index % 2 === 0 ? 'user:ada' : 'user:bob', action: 'startInstance' });
  }
}

const NDJSON = { accept: 'application/x-ndjson' };

async function page(query: string): Promise<number[]> {
  const answer = await test.inject({ url: `/api/audit${query}` });
  return answer.json<{ audit: AuditRow[] }>().audit.map(({ seq }) => seq);
}

async function lines(query = ''): Promise<number[]> {
  const answer = await test.inject({ url: `/api/audit${query}`, headers: NDJSON });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  return answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as AuditRow).seq);
}

describe('the audit trail', () => {
  it('has old and new values, as a page and line by line', async () => {
    const changes = [{ path: 'server.port', before: null, after: 9000 }];
    const row = { address: '192.0.2.1', target: null, status: 200, requestId: 'r', subject: 'user:ada' };
    trail.record({ ...row, action: 'updateConfig', changes, moreChanges: 4 });
    const found = (await test.inject({ url: '/api/audit' })).json<{ audit: AuditRow[] }>().audit;
    expect(found).toMatchObject([{ changes, more_changes: 4 }]);
    expect(JSON.parse((await test.inject({ url: '/api/audit', headers: NDJSON })).body)).toEqual(found[0]);
  });

  it('is listed newest first, a hundred rows by default', async () => {
    fill(150);
    expect(await page('')).toEqual(Array.from({ length: 100 }, (_, index) => 150 - index));
    expect(await page('?limit=2')).toEqual([150, 149]);
    expect(await page('?limit=2&before_seq=149')).toEqual([148, 147]);
    expect(await page('?limit=0')).toEqual([]);
  });

  it('can be filtered by subject, operation or target', async () => {
    fill(4);
    expect(await page('?subject=user:ada')).toEqual([4, 2]);
    expect(await page('?action=startInstance&target=mine&limit=1')).toEqual([4]);
    expect(await page('?action=stopInstance,startInstance&limit=1')).toEqual([4]);
    expect(await page('?action=stopInstance,login')).toEqual([]);
    expect(await page('?target=other')).toEqual([]);
  });

  it('can be filtered by a part of a text', async () => {
    fill(4);
    expect(await page('?subject=AD&match=part')).toEqual([4, 2]);
    expect(await page('?action=start&match=exact')).toEqual([]);
    expect(await lines('?action=start&target=MIN&subject=bob&match=part')).toEqual([3, 1]);
    expect((await test.inject({ url: '/api/audit?match=some' })).statusCode).toBe(400);
  });

  it('can be filtered by time and status, in any time zone', async () => {
    fill(1);
    await page('?since=2026-03-01T13:00:00%2B01:00&until=2026-03-02T00:00:00Z&status=4xx');
    await page('?status=403');
    expect(queries.map(({ since, until, statuses }) => ({ since, until, statuses }))).toEqual([
      { since: '2026-03-01T12:00:00.000Z', until: '2026-03-02T00:00:00.000Z', statuses: [400, 499] },
      { since: undefined, until: undefined, statuses: [403, 403] },
    ]);
    for (const query of ['status=4', 'status=x00', 'status=600', 'since=yesterday', 'until=2026-03-01']) {
      expect((await test.inject({ url: `/api/audit?${query}` })).statusCode, query).toBe(400);
    }
  });

  it('is exported completely as lines, a page at a time', async () => {
    fill(2_500);
    expect(await lines()).toEqual(Array.from({ length: 2_500 }, (_, index) => 2_500 - index));
    expect(queries.map(({ limit, beforeSeq }) => [limit, beforeSeq])).toEqual([
      [1_000, null],
      [1_000, 1_501],
      [1_000, 501],
    ]);
  });

  it('can be exported in part', async () => {
    fill(10);
    expect(await lines('?limit=3&before_seq=9&subject=user:ada')).toEqual([8, 6, 4]);
    expect(await lines('?subject=unknown')).toEqual([]);
  });

  it('is not read for a HEAD of the export', async () => {
    fill(3);
    const answer = await test.inject({ method: 'HEAD', url: '/api/audit', headers: NDJSON });
    expect([answer.statusCode, answer.body, queries]).toEqual([200, '', []]);
  });
});
