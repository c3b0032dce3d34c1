import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ToastList } from './toast-list.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const texts = (list: ToastList): string[] => list.shown.get().map(({ text }) => text);

test('a message ends by time; one with a button stays longer, and an error longest', () => {
  const list = new ToastList();
  list.show({ kind: 'done', text: 'deleted' });
  list.show({ kind: 'done', text: 'stopped', action: { label: 'Start again', run: () => undefined } });
  list.show({ kind: 'error', text: 'refused' });
  vi.advanceTimersByTime(5_000);
  expect(texts(list)).toEqual(['stopped', 'refused']);
  vi.advanceTimersByTime(5_000);
  expect(texts(list)).toEqual(['refused']);
  vi.advanceTimersByTime(20_000);
  expect(texts(list)).toEqual([]);
});

test('a message under the pointer stays until the pointer leaves it', () => {
  const list = new ToastList();
  list.show({ kind: 'done', text: 'deleted' });
  list.hold(true);
  vi.advanceTimersByTime(60_000);
  expect(texts(list)).toEqual(['deleted']);
  list.hold(false);
  vi.advanceTimersByTime(5_000);
  expect(texts(list)).toEqual([]);
});

test('the start of an instance closes what was said of its stop and its refused start', () => {
  const list = new ToastList();
  list.show({ kind: 'error', text: 'chat cannot start', about: ['chat'] });
  list.show({ kind: 'done', text: 'chat is stopped', about: ['chat'] });
  list.show({ kind: 'done', text: 'embed is stopped', about: ['embed'] });
  list.started('chat');
  expect(texts(list)).toEqual(['embed is stopped']);
});

test('another try closes the errors of the tries before, if it is for all of their instances', () => {
  const list = new ToastList();
  list.show({ kind: 'error', text: 'chat cannot start', about: ['chat'] });
  list.show({ kind: 'error', text: 'neither can start', about: ['chat', 'embed'] });
  list.show({ kind: 'done', text: 'chat is stopped', about: ['chat'] });
  list.retried(['chat']);
  expect(texts(list)).toEqual(['neither can start', 'chat is stopped']);
  list.retried(['embed', 'chat']);
  expect(texts(list)).toEqual(['chat is stopped']);
});

test('another page closes the errors of the page before, but not one that comes with the change', () => {
  const list = new ToastList();
  list.show({ kind: 'error', text: 'old' });
  list.show({ kind: 'done', text: 'done' });
  vi.advanceTimersByTime(2_000);
  list.show({ kind: 'error', text: 'new' });
  list.leavePage();
  expect(texts(list)).toEqual(['done', 'new']);
});

test('the same text is shown once, and at most three messages are', () => {
  const list = new ToastList();
  for (const text of ['a', 'b', 'b', 'c', 'd']) list.show({ kind: 'done', text });
  expect(texts(list)).toEqual(['b', 'c', 'd']);
});

test('a message that is gone has no timer that goes on, and changes the list no more', () => {
  const list = new ToastList();
  for (const text of ['closed', 'again', 'again']) list.show({ kind: 'done', text });
  const [closed] = list.shown.get();
  list.close(closed?.id ?? 0);
  list.hold(true);
  const changes: string[][] = [];
  list.shown.subscribe(() => changes.push(texts(list)));
  vi.advanceTimersByTime(5_000);
  // Only the message that is shown waits for the pointer.
  expect(vi.getTimerCount()).toBe(1);
  list.hold(false);
  vi.advanceTimersByTime(5_000);
  list.close(closed?.id ?? 0);
  expect(changes).toEqual([[]]);
});
