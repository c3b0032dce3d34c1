import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hubToken } from './hub-token.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'llamactl-token-'));
});

afterEach(() => rm(home, { recursive: true }));

async function put(file: string, text: string): Promise<string> {
  const target = path.join(home, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  return target;
}

describe('the token for the hub', () => {
  it('is that of `hf auth login`, also where the variables move it', async () => {
    const token = (environment: Record<string, string> = {}): string | null =>
      hubToken({ configured: '', environment, home });
    expect(token()).toBeNull();
    await put('.cache/huggingface/token', 'hf_usual\n');
    await put('cache/huggingface/token', 'hf_cache');
    await put('hf/token', 'hf_home');
    const file = await put('my-token', 'hf_path');
    expect(token()).toBe('hf_usual');
    expect(token({ XDG_CACHE_HOME: path.join(home, 'cache') })).toBe('hf_cache');
    expect(token({ HF_HOME: path.join(home, 'hf') })).toBe('hf_home');
    expect(token({ HF_HOME: path.join(home, 'hf'), HF_TOKEN_PATH: file })).toBe('hf_path');
    expect(token({ HF_TOKEN_PATH: file, HF_TOKEN: 'hf_variable' })).toBe('hf_variable');
    expect(token({ HF_TOKEN: '', HF_TOKEN_PATH: file })).toBe('hf_path');
  });

  it('is that of the configuration before all others', () => {
    expect(hubToken({ configured: 'hf_own', environment: { HF_TOKEN: 'hf_variable' }, home })).toBe('hf_own');
  });

  it('is no text that cannot stand in a header', () => {
    for (const HF_TOKEN of ['a b', 'a\nb', 'ä', 'x'.repeat(1_025)]) {
      expect(hubToken({ configured: '', environment: { HF_TOKEN }, home })).toBeNull();
    }
  });

  it('is only that of the configuration when the user wants no implicit one', async () => {
    await put('.cache/huggingface/token', 'hf_usual');
    const environment = { HF_TOKEN: 'hf_variable', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' };
    expect(hubToken({ configured: '', environment, home })).toBeNull();
    expect(hubToken({ configured: 'hf_own', environment, home })).toBe('hf_own');
    expect(
      hubToken({ configured: '', environment: { ...environment, HF_HUB_DISABLE_IMPLICIT_TOKEN: '0' }, home }),
    ).toBe('hf_variable');
  });
});
