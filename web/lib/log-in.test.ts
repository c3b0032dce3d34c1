import type { Me } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeChannels } from '../testing/fake-channels.ts';

/** The part of Node's process that this test uses: the page has no types of Node. */
declare const process: Record<'on' | 'off', (event: 'unhandledRejection', listener: (error: unknown) => void) => void>;

const me: Me = { auth_enabled: true, caller: null, version: null, first_password_in_file: true };

describe('a tab whose log-in has expired', () => {
  let Channel: ReturnType<typeof fakeChannels>;
  let rejections: unknown[];
  const note = (error: unknown): unknown => rejections.push(error);

  beforeEach(() => {
    Channel = fakeChannels();
    rejections = [];
    vi.stubGlobal('BroadcastChannel', Channel);
    vi.stubGlobal('location', { pathname: '/' });
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
    vi.unstubAllGlobals();
  });

  it.each([
    ['the server is lost', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a proxy answers in its place', async () => new Response('<html>Bad Gateway</html>', { status: 502 })],
  ])('keeps its dialog if another tab has logged in and %s', async (_case, answer) => {
    const fetch = vi.fn(answer);
    vi.stubGlobal('fetch', fetch);
    // The module reads the address of the page when it loads.
    const { LogIn } = await import('./log-in.ts');
    const logIn = new LogIn('http://llamactl.test');
    logIn.state.set({ kind: 'in', me, isExpired: true });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has only our origin
    new Channel('llamactl:/').postMessage('logged in');
    await vi.waitFor(() => expect(fetch.mock.settledResults[0]?.type).not.toBe('incomplete'));
    // Node reports a rejection after the microtasks of the task in which it came.
    await new Promise((resolve) => setTimeout(resolve));
    expect(rejections).toEqual([]);
    expect(logIn.state.get()).toEqual({ kind: 'in', me, isExpired: true });
  });
});
