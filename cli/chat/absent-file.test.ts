import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseAbsentFile } from './absent-file.ts';

let home: string;
let folder: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-absent-'));
  folder = path.join(home, 'here');
  for (const each of [folder, path.join(home, 'models', 'maker')]) mkdirSync(each, { recursive: true });
});

afterEach(() => rmSync(home, { recursive: true }));

function judge(word: string): Promise<void> {
  return refuseAbsentFile(word, folder, { home, environment: {} });
}

describe('the word for a model, before a server is started', () => {
  it.each(['nosuch.gguf', './nosuch', '~/nosuch.gguf', 'sub/nosuch.gguf'])(
    'is refused as the missing file %s',
    async (word) => {
      await expect(judge(word)).rejects.toMatchObject({
        status: 3,
        message: expect.stringMatching(/^no such file: \/.*nosuch/) as string,
      });
    },
  );

  it('may be a file here, or the name of a file in a folder with models', async () => {
    writeFileSync(path.join(folder, 'here.gguf'), '');
    writeFileSync(path.join(home, 'models', 'maker', 'Qwen.gguf'), '');
    await expect(judge('here.gguf')).resolves.toBeUndefined();
    await expect(judge('qwen.gguf')).resolves.toBeUndefined();
  });

  it.each(['chat', 'org/repo:Q4_K_M', 'ollama:qwen3:8b', 'https://example.com/m.gguf'])(
    'may be %s, which is no path',
    async (word) => {
      await expect(judge(word)).resolves.toBeUndefined();
    },
  );
});
