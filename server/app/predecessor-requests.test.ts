import { beforeEach, describe, expect, it } from 'vitest';
import { Requests } from '../gateway/requests.ts';
import { activeRequest } from '../testing/active-request.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { RequestsView } from '../http/routes/requests.routes.ts';
import { requestsOfBoth } from './predecessor-requests.ts';

let own: Requests;
let left: ReturnType<typeof activeRequest>[];
let cancelled: string[];
let both: RequestsView;

beforeEach(() => {
  own = new Requests({ clock: new FakeClock() });
  left = [];
  cancelled = [];
  both = requestsOfBoth(own, { requests: () => left, cancelRequest: (id) => cancelled.push(id) });
});

function begin(id: string): void {
  const facts = {
    caller: 'user:bob',
    instance: 'chat',
    model: 'chat',
    method: 'POST',
    path: '/v1/x',
    stream: true,
    userAgent: null,
  };
  own.begin({ id, door: 'v1', ...facts }, () => cancelled.push(`own ${id}`));
}

describe('the requests of a server and of its predecessor', () => {
  it('are listed together, oldest first', () => {
    begin('new');
    left = [activeRequest('old', { started_at: '1969-01-01T00:00:00.000Z' })];
    expect(both.list(() => 'running').map(({ id }) => id)).toEqual(['old', 'new']);
    expect(both.find('old')).toMatchObject({ instance: 'chat' });
    expect(both.find('other')).toBeNull();
  });

  it('wait for their turn or for a start, as this server knows', () => {
    left = [activeRequest('a', { phase: 'queued' }), activeRequest('b', { phase: 'processing' })];
    const phases = (status: 'running' | 'starting') => both.list(() => status).map(({ phase }) => phase);
    expect(phases('running')).toEqual(['queued', 'processing']);
    expect(phases('starting')).toEqual(['starting', 'processing']);
  });

  it('are cancelled where they are served', () => {
    begin('new');
    left = [activeRequest('old'), activeRequest('new')];
    expect(['old', 'new', 'other'].map((id) => both.cancel(id))).toEqual([true, true, false]);
    expect(cancelled).toEqual(['old', 'own new']);
  });

  it('are only its own without a predecessor', () => {
    expect(requestsOfBoth(own, null)).toBe(own);
  });
});
