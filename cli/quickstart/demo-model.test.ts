import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { testEngine } from '../../scripts/test-assets.ts';
import { DEMO_SENTENCE, demoModelBytes, splitSentence, writeDemoModel } from './demo-model.ts';
import { tempFolder } from './temp-folder.ts';

/** Starts a real llama-server on a free port, and returns its base URL. */
async function serve(model: string): Promise<string> {
  const args = ['--model', model, '--host', '127.0.0.1', '--port', '0', '--ctx-size', '512'];
  const engine = spawn(testEngine(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(engine, 'exit');
  onTestFinished(async () => {
    engine.kill('SIGKILL');
    await ended;
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: engine.stderr })) {
    said.push(line);
    const address = /listening on (http:\/\/\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      engine.stderr.resume();
      return address;
    }
  }
  throw new Error(`llama-server ended: ${said.join('\n')}`);
}

async function post(address: string, body: object): Promise<unknown> {
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
  return response.json();
}

test.each([DEMO_SENTENCE, 'ja ja ja, it is: « été » 你好 ja ja'])(
  'a real llama-server answers: %s',
  async (sentence) => {
    const file = path.join(await tempFolder(), 'demo.gguf');
    await writeDemoModel(file, { sentence });
    const address = await serve(file);
    const messages = [{ role: 'user', content: 'Name three fruits.' }];
    const chat = await post(`${address}/v1/chat/completions`, { messages, temperature: 1.5, seed: 7 });
    expect(chat).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: sentence } }],
    });
    for (const prompt of ['', 'Once', 'it stops.', '这']) {
      const completion = await post(`${address}/completion`, { prompt });
      expect(completion).toMatchObject({ content: sentence, stop_type: 'eos' });
    }
  },
);

test('writes a small file, always the same, with a GGUF 3 header', () => {
  const bytes = demoModelBytes();
  expect(bytes.equals(demoModelBytes())).toBe(true);
  expect(bytes.length).toBeLessThan(2_200_000);
  expect(bytes.subarray(0, 8).toString('hex')).toBe(`${Buffer.from('GGUF').toString('hex')}03000000`);
});

test('replaces an older file and leaves nothing else behind', async () => {
  const folder = await tempFolder();
  const file = path.join(folder, 'new', 'demo.gguf');
  await writeDemoModel(file);
  await writeFile(file, 'broken');
  await writeDemoModel(file);
  expect((await readFile(file)).equals(demoModelBytes())).toBe(true);
  expect(await readdir(path.dirname(file))).toEqual(['demo.gguf']);
});

test('joins a repeated word to others, so that every token has one follower', () => {
  expect(splitSentence('it says it stops.')).toEqual(['it', ' says', ' it', ' stops.']);
  expect(splitSentence('so it says it stops')).toEqual(['so', ' it', ' says', ' it stops']);
  expect(splitSentence('a a a a a')).toEqual(['a', ' a', ' a a a']);
});

test.each(['', ' a', 'a ', 'a  b'])('refuses a sentence with irregular whitespace: "%s"', (sentence) => {
  expect(() => splitSentence(sentence)).toThrow(RangeError);
});

test('property: the tokens are unique and make up the sentence', () => {
  const words = fc.array(fc.stringMatching(/^[ab]{1,2}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, (list) => {
      const sentence = list.join(' ');
      const tokens = splitSentence(sentence);
      expect(tokens.join('')).toBe(sentence);
      expect(new Set(tokens).size).toBe(tokens.length);
    }),
  );
});
