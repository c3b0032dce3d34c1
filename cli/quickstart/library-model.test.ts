import type { FoundModel } from '@llamactl/server/main';
import { describe, expect, it } from 'vitest';
import { smallestChatModel } from './library-model.ts';

function model(path: string, size: number, fields: Partial<FoundModel> = {}): FoundModel {
  return { name: path, format: 'gguf', source: 'ollama', path, size, capabilities: ['chat'], problems: [], ...fields };
}

async function chosen(...library: FoundModel[]): Promise<string | null> {
  const problemOf = async (file: string): Promise<string | null> => (file === '/unreadable' ? 'cannot be read' : null);
  return (await smallestChatModel(library, { except: '/demo.gguf', problemOf }))?.path ?? null;
}

describe('the model of the library for quickstart', () => {
  it('is the smallest that can chat', async () => {
    expect(await chosen(model('/big', 3), model('/small', 1), model('/middle', 2))).toBe('/small');
  });

  it.each<[string, FoundModel]>([
    ['for embeddings', model('/a', 1, { capabilities: ['embeddings'] })],
    ['in safetensors', model('/a', 1, { format: 'safetensors' })],
    ['with a problem', model('/a', 1, { problems: ['a is cut off'] })],
    ['that cannot be read', model('/unreadable', 1)],
    ['that is the demo', model('/demo.gguf', 1)],
  ])('is none %s', async (_what, unusable) => {
    expect(await chosen(unusable, model('/usable', 9))).toBe('/usable');
    expect(await chosen(unusable)).toBe(null);
  });
});
