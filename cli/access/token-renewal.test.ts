import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../server/contexts.ts';
import { TokenRenewal } from './token-renewal.ts';

/** Valid from 0 to 200 s. */
const FIRST = tokenOf(0, 200);
const SECOND = tokenOf(110, 310);

function tokenOf(iat: number, exp: number): string {
  return ['{}', JSON.stringify({ iat, exp }), 's'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

let folder: string;
let contexts: Contexts;
let now: number;
let asked: string[];
/** The server's response. */
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
  it('is not renewed in the first half of its validity', async () => {
    now = 99_000;
    expect(renewal.token()).toBe(FIRST);
    await renewal.settled();
    expect([asked, stored()]).toEqual([[], FIRST]);
  });

  it('is renewed once in the background of a later call, and stored', async () => {
    expect([renewal.token(), renewal.token()]).toEqual([FIRST, FIRST]);
    await renewal.settled();
    expect([asked, contexts.get('gpu')]).toEqual([
      [FIRST],
      { url: 'https://gpu.example', token: SECOND, username: 'ann' },
    ]);
    expect(renewal.token()).toBe(SECOND);
  });

  it('is renewed before it is printed', async () => {
    expect(await renewal.fresh()).toBe(SECOND);
  });

  it('is returned unchanged once expired, as the server decides', async () => {
    now = 200_000;
    expect(await renewal.fresh()).toBe(FIRST);
    expect(asked).toEqual([]);
  });

  it('is read again after another process has renewed it', () => {
    contexts.set('gpu', { url: 'https://gpu.example', token: SECOND });
    expect([renewal.token(), asked]).toEqual([SECOND, []]);
  });

  it('stays in use when the server does not answer, and is retried a minute later', async () => {
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

  it('is not stored after an earlier logout', async () => {
    refresh = async () => {
      contexts.set('gpu', { url: 'https://gpu.example' });
      return SECOND;
    };
    expect(await renewal.fresh()).toBeNull();
    expect(stored()).toBeUndefined();
  });

  it('is not stored for a removed context', async () => {
    refresh = async () => {
      contexts.remove('gpu');
      return SECOND;
    };
    expect(await renewal.fresh()).toBeNull();
    expect(contexts.list()).toEqual([]);
  });

  it('is never renewed if it is a key', async () => {
    contexts.set('gpu', { url: 'https://gpu.example', token: 'llk_key' });
    expect(await renewal.fresh()).toBe('llk_key');
    expect(asked).toEqual([]);
  });
});
