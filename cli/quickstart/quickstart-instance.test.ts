import { Client } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatServer } from '../testing/chat-server.ts';
import { sampleModel } from '../testing/sample-model.ts';
import { QuickstartInstance } from './quickstart-instance.ts';

const BLOB = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
let server: ChatServer;

beforeEach(async () => {
  server = await new ChatServer().listen();
  server.models = [sampleModel({ name: 'qwen3:8b', ref: 'ollama:qwen3:8b', path: BLOB, source: 'ollama' })];
});
afterEach(() => server.leave());

function start(file: string): Promise<unknown> {
  const instance = new QuickstartInstance(new Client(server.url), new AbortController().signal);
  return instance.start(file, async () => true);
}

describe('the instance of quickstart', () => {
  it('names a model of Ollama, whose file a pull replaces', async () => {
    await start(BLOB);
    expect(server.instances.get('quickstart')).toMatchObject({ model: 'ollama:qwen3:8b' });
  });

  it.each(['/models/qwen.gguf', BLOB.replace('0', '1')])('has any other file as it is: %s', async (file) => {
    await start(file);
    expect(server.instances.get('quickstart')).toMatchObject({ model_path: file });
  });
});
