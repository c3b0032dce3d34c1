import { describe, expect, it } from 'vitest';
import { NO_HISTORY } from '../../testing/fake-services.ts';
import { errorOf, testServer } from '../../testing/http-harness.ts';
import type { EventHistoryView } from './events.routes.ts';

function recording(): { history: EventHistoryView; calls: unknown[] } {
  const calls: unknown[] = [];
  const history: EventHistoryView = {
    events: async (...given) => {
      calls.push(given);
      return NO_HISTORY.events(...given);
    },
    alerts: async (query) => {
      calls.push(query);
      return NO_HISTORY.alerts(query);
    },
  };
  return { history, calls };
}

describe('kept events', () => {
  it('are requested with the filters of the query, for the present instance of a name', async () => {
    const { history, calls } = recording();
    const test = testServer({ history });
    await test.manager.create({ name: 'chat' });
    const empty = { events: [], more: false, oldest_seq: null };
    expect((await test.inject({ url: '/api/events' })).json()).toEqual(empty);
    await test.inject({ url: '/api/events?instance=chat&type=system_alert&before_seq=9&limit=5' });
    await test.inject({ url: '/api/system/alerts/history?instance=gone' });
    const all = { visible: null, seesCallers: true, instance: null, before: Number.MAX_SAFE_INTEGER, limit: 100 };
    expect(calls).toEqual([
      [all, null],
      [{ ...all, instance: { name: 'chat', id: test.manager.idOf('chat') }, before: 9, limit: 5 }, 'system_alert'],
      { ...all, instance: { name: 'gone', id: null } },
    ]);
  });

  it.each(['type=decision', 'limit=0', 'limit=501', 'before_seq=-1', 'after_seq=1'])('refuse ?%s', async (query) => {
    const answer = await testServer().inject({ url: `/api/events?${query}` });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
  });
});
