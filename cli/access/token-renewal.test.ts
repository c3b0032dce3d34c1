import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../contexts.ts';
import { TokenRenewal } from './token-renewal.ts';

/** Counts from 0 to 200 s. */
const FIRST = tokenOf(0, 200);
const SECOND = tokenOf(110, 310);

function tokenOf(iat: number, exp: number): string {
  return ['{}', JSON.stringify({ iat, exp }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

let folder: string;
let contexts: Contexts;
let now: number;
let asked: string[];
/** What the server answers. */
let refresh: (token: string) => Promise<string>;
let renewal: TokenRenewal;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-renewal-'));
  contexts = new Contexts(path.join(folder, 'contexts.json'));
  contexts.set('gpu', { url: 'https://gpu.example', token: FIRST, username: 'ann' });
  now = 110_000;
  asked = [];
  refresh = async () => SECOND;
  renewal = new TokenRenewal({
    contexts,
    context: 'gpu',
    now: () => now,
    refresh: (token) => {
      asked.push(token);
      return refresh(token);
    },
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

const stored = (): string | undefined => contexts.get('gpu').token;

describe('a token', () => {
  it('is left alone in the first half of its life', async () => {
    now = 99_000;
    expect(renewal.token()).toBe(FIRST);
    await renewal.settled();
    expect([asked, stored()]).toEqual([[], FIRST]);
  });

  it('is renewed beside the call that comes later, once, and kept', async () => {
    expect([renewal.token(), renewal.token()]).toEqual([FIRST, FIRST]);
    await renewal.settled();
    expect([asked, contexts.get('gpu')]).toEqual([
      [FIRST],
      { url: 'https://gpu.example', token: SECOND, username: 'ann' },
    ]);
    expect(renewal.token()).toBe(SECOND);
  });

  it('is waited for by whoever prints it', async () => {
    expect(await renewal.fresh()).toBe(SECOND);
  });

  it('that has expired is given as it is: the server judges', async () => {
    now = 200_000;
    expect(await renewal.fresh()).toBe(FIRST);
    expect(asked).toEqual([]);
  });

  it('that another process has renewed counts here', () => {
    contexts.set('gpu', { url: 'https://gpu.example', token: SECOND });
    expect([renewal.token(), asked]).toEqual([SECOND, []]);
  });

  it('goes on when the server does not answer, and is tried again a minute later', async () => {
    refresh = async () => Promise.reject(new Error('away'));
    expect(await renewal.fresh()).toBe(FIRST);
    expect(await renewal.fresh()).toBe(FIRST);
    expect(asked).toHaveLength(1);
    refresh = async () => SECOND;
    now += 59_999;
    expect(await renewal.fresh()).toBe(FIRST);
    now += 1;
    expect(await renewal.fresh()).toBe(SECOND);
  });

  it('does not come back after a logout that came first', async () => {
    refresh = async () => {
      contexts.set('gpu', { url: 'https://gpu.example' });
      return SECOND;
    };
    expect(await renewal.fresh()).toBeNull();
    expect(stored()).toBeUndefined();
  });

  it('does not bring a context back that was removed', async () => {
    refresh = async () => {
      contexts.remove('gpu');
      return SECOND;
    };
    expect(await renewal.fresh()).toBeNull();
    expect(contexts.list()).toEqual([]);
  });

  it('that is a key is never renewed', async () => {
    contexts.set('gpu', { url: 'https://gpu.example', token: 'llk_key' });
    expect(await renewal.fresh()).toBe('llk_key');
    expect(asked).toEqual([]);
  });
});
