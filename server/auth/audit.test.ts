import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryAudit } from '../testing/memory-audit.ts';
import { AuditTrail } from './audit.ts';
import type { AuditEntry, AuditQuery } from './auth-ports.ts';

const DAY_MS = 86_400_000;
const ALL: AuditQuery = { limit: 100_000, beforeSeq: null, subject: null, actions: null, target: null };
const ENTRY: Omit<AuditEntry, 'timestamp'> = {
  subject: 'user:ada',
  address: '192.0.2.1',
  action: 'createInstance',
  target: 'llama',
  status: 201,
  requestId: 'r1',
};

describe('the audit trail', () => {
  let clock: FakeClock;
  let store: MemoryAudit;
  let faults: unknown[];
  let trail: AuditTrail;

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryAudit();
    faults = [];
    trail = new AuditTrail({ store, clock, onFault: (error) => void faults.push(error) });
  });

  it('returns what was just recorded, newest first, with the field names of the API', async () => {
    trail.record(ENTRY);
    trail.record({ ...ENTRY, requestId: 'r2', target: null });
    const timestamp = new Date(clock.now()).toISOString();
    const { requestId: _one, ...shown } = ENTRY;
    expect(await trail.read(ALL)).toEqual([
      { ...shown, seq: 2, timestamp, target: null, request_id: 'r2' },
      { ...shown, seq: 1, timestamp, request_id: 'r1' },
    ]);
    expect((await trail.read({ ...ALL, limit: 1 })).length).toBe(1);
  });

  it('has old and new values only where they were recorded', async () => {
    const changes = [{ path: 'role', before: 'viewer', after: 'admin' }];
    trail.record({ ...ENTRY, action: 'updateUser', changes, moreChanges: 2 });
    trail.record(ENTRY);
    const [without, having] = await trail.read(ALL);
    expect(having).toMatchObject({ changes, more_changes: 2 });
    expect(Object.keys(without ?? {})).not.toEqual(expect.arrayContaining([expect.stringMatching('changes')]));
  });

  it('fails no request when it cannot be written, but reports the error', async () => {
    store.failure = new Error('The disk is full.');
    trail.record(ENTRY);
    expect(await trail.read(ALL)).toEqual([]);
    expect(faults).toContainEqual(new Error('The disk is full.'));
  });

  it('does not fill memory when the disk is too slow, and reports once that rows are lost', async () => {
    await trail.read(ALL);
    for (let n = 0; n < 10_100; n += 1) trail.record(ENTRY);
    expect((await trail.read(ALL)).length).toBe(10_000);
    expect(faults).toEqual([new Error('The audit trail is written too slowly; rows are being lost.')]);
    trail.record(ENTRY);
    expect((await trail.read(ALL)).length).toBe(10_001);
  });

  it('keeps rows for ninety days, and prunes every day', async () => {
    trail.record(ENTRY);
    await clock.advance(90 * DAY_MS);
    trail.record({ ...ENTRY, requestId: 'r2' });
    expect((await trail.read(ALL)).length).toBe(2);
    await clock.advance(DAY_MS);
    expect((await trail.read(ALL)).map((row) => row.request_id)).toEqual(['r2']);
  });

  it('is on the disk when it is closed, and leaves no timer behind', async () => {
    trail.record(ENTRY);
    await trail.close();
    expect((await store.read(ALL)).length).toBe(1);
    expect(clock.pending).toEqual([]);
  });
});
