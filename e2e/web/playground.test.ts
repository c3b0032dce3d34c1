import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { RequestsSchema } from '@llamactl/contract/requests';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { wavOf } from '../../web/pages/playground/wav.ts';
import { chatEngine } from './chat-engine.ts';
import { barriersOf, logIn, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The playground in a real browser, on the real server, with the real engine and one whose answers the test writes. */

const stage = pageStage(chatEngine);

beforeAll(async () => {
  await create('chat', { model_path: await testModel(), options: { ctx_size: 512, temp: 0.4 } });
  await create('written', { engine: 'spoken' });
  await create('other', { engine: 'spoken' });
  await create('mortal', { engine: 'spoken' });
  await create('embed', { model_path: await testModel(), options: { ctx_size: 512, embedding: true } });
  await create('media', { engine: 'seen' });
  await create('manual', { engine: 'spoken', on_demand: false });
});

async function create(name: string, settings: Record<string, unknown>): Promise<void> {
  const answer = await stage.server.call('POST', '/api/instances', { name, ...settings });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

const field = (page: Page) => page.getByRole('textbox', { name: 'Message' });
/** Whether an element has the focus. */
const isFocused = (element: Locator): Promise<boolean> =>
  element.evaluate((found: { matches(selector: string): boolean }) => found.matches(':focus'));
const answers = (page: Page, name = 'written') => page.getByRole('article', { name });

/** Asks, and waits until the answer has ended. */
async function ask(page: Page, question: string): Promise<void> {
  await field(page).fill(question);
  await field(page).press('Enter');
  await page.getByRole('button', { name: 'Send' }).waitFor();
}

/** A short WAV file. */
function tone(): Buffer {
  return Buffer.from(
    wavOf(
      Float32Array.from({ length: 1_600 }, (_, at) => Math.sin(at / 6) / 2),
      16_000,
    ),
  );
}

async function open(instance = 'written', part = 'chat', own = stage.window): Promise<Page> {
  return own.tab(stage.server.url, `/playground?instance=${instance}&part=${part}`);
}

describe('a chat with a real engine', () => {
  it('starts the stopped instance, streams the answer with its figures, and is there after a reload', async () => {
    const page = await open('chat');
    const placeholder = (label: string) => page.getByLabel(label).getAttribute('placeholder');
    await expect.poll(() => placeholder('Temperature')).toBe('0.4');
    expect([await placeholder('Top k'), await placeholder('Max tokens')]).toEqual(['40', 'no limit']);
    await field(page).fill('Who are you?');
    await field(page).press('Enter');
    await page.getByRole('progressbar').waitFor();
    await answers(page, 'chat').getByText(DEMO_SENTENCE.slice(0, 20)).waitFor();
    await answers(page, 'chat').getByText('tok/s').waitFor();
    await answers(page, 'chat')
      .getByText(/first token .* start, .* queue, .* prompt/)
      .waitFor();
    await page.getByRole('meter', { name: 'Context' }).waitFor();
    await page.reload();
    await answers(page, 'chat').getByText(DEMO_SENTENCE.slice(0, 20)).waitFor();
    await page.getByRole('list', { name: 'History' }).getByText('Who are you?').waitFor();
  });
});

describe('a question whose engine dies', () => {
  it('waits for the next run of its instance, and the page says why', async () => {
    const page = await open('chat');
    await ask(page, 'At first');
    const { pid } = await stage.server.instance('chat');
    if (pid === null) throw new Error('the instance does not run');
    // It takes the question and does not answer.
    process.kill(pid, 'SIGSTOP');
    await field(page).fill('Again');
    await field(page).press('Enter');
    const phases = async (): Promise<string[]> => {
      const { body } = await stage.server.call('GET', '/api/requests?instance=chat');
      return RequestsSchema.parse(body).in_flight.map(({ phase }) => phase);
    };
    await expect.poll(phases).toEqual(['processing']);
    process.kill(pid, 'SIGKILL');
    await page.getByText(/The instance starts again and gets this request once more/).waitFor();
    await answers(page, 'chat').last().getByText(DEMO_SENTENCE.slice(0, 20)).waitFor();
  });
});

describe('a chat', () => {
  it('stops by Escape, keeps what has come, and answers again as a branch', async () => {
    const page = await open();
    await field(page).fill(`pace 50 ${'word '.repeat(500)}`);
    await field(page).press('Enter');
    await answers(page).getByText('word word').waitFor();
    await page.keyboard.press('Escape');
    await answers(page).getByText('Stopped').waitFor();
    await answers(page).getByText('word word').waitFor();
    const edit = page.getByRole('button', { name: 'Edit' });
    await edit.click();
    await page.keyboard.press('Escape');
    await expect.poll(() => isFocused(edit)).toBe(true);
    await edit.click();
    await page.getByLabel('Changed question').fill('echo shorter');
    await page.getByRole('button', { name: 'Send as a new branch' }).click();
    await expect.poll(() => isFocused(field(page))).toBe(true);
    await answers(page).getByText('shorter').waitFor();
    await page.getByText('2/2').waitFor();
    await page.getByRole('button', { name: 'Branch before' }).click();
    await answers(page).getByText('word word').waitFor();
    await page.reload();
    await page.getByText('1/2').waitFor();
  });

  it('goes on while another page is open, and is there again afterwards', async () => {
    const page = await open();
    await field(page).fill(`pace 60 ${'word '.repeat(4_000)}`);
    await field(page).press('Enter');
    await answers(page).getByText('word word').waitFor();
    await page.getByText(/about [\d,]+ (?:of [\d,]+ )?tokens/).waitFor();
    const places = page.getByRole('navigation');
    await places.getByRole('link', { name: 'Instances' }).click();
    await page.getByRole('heading', { name: 'Instances' }).waitFor();
    await places.getByRole('link', { name: 'Playground' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    await page.getByRole('list', { name: 'History' }).getByRole('img', { name: 'answers now' }).waitFor();
    expect(await answers(page).getByText('Stopped').count()).toBe(0);
    const read = async (): Promise<number> => ((await answers(page).textContent()) ?? '').length;
    const before = await read();
    await expect.poll(read).toBeGreaterThan(before);
    await page.keyboard.press('Escape');
    await answers(page).getByText('Stopped').waitFor();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByText('Ask written something').waitFor();
  });

  it('does not come back after it was deleted in the middle of its answer', async () => {
    const page = await open();
    await field(page).fill(`pace 60 ${'short-lived '.repeat(200)}`);
    await field(page).press('Enter');
    await answers(page).getByText('short-lived').waitFor();
    const history = page.getByRole('list', { name: 'History' });
    await history.getByRole('button', { name: /^More for pace 60 short/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Ask written something').waitFor();
    await page.reload();
    await page.getByText('No chat yet. Chats stay in this browser.').waitFor();
    expect(await history.getByText('short-lived').count()).toBe(0);
  });

  it('says that a limit cut an answer, and goes on with it', async () => {
    const page = await open();
    await page.getByLabel('Max tokens').fill('4');
    await ask(page, 'cut Half a sentence');
    await answers(page).getByText('Cut off at “Max tokens”').waitFor();
    await answers(page).getByRole('button', { name: 'Continue' }).click();
    await answers(page).getByText('Half a sentence goes on.').waitFor();
    expect(await answers(page).getByText('Cut off').count()).toBe(0);
    expect(await answers(page).count()).toBe(1);
  });

  it('says that its instance cannot see, and leads to a model that can', async () => {
    // Tests have no hub, so the search of the page that it leads to may fail before the end.
    stage.window.allow(/models\/search/);
    const page = await open('chat');
    const picture = { name: 'cat.png', mimeType: 'image/png', buffer: Buffer.from('picture') };
    await page.locator('input[type=file]').setInputFiles(picture);
    await page.getByRole('alert').getByText('chat cannot see images, so cat.png was left out.').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('link', { name: 'Find a model that sees' }).click();
    await page.waitForURL(/#\/models\?tab=get&q=vision/);
  });

  it('shows hostile Markdown as text: no image, no script, no link that leads away', async () => {
    const page = await open();
    await field(page).waitFor();
    const before = await page.locator('img, script').count();
    const hostile = [
      '<img src="http://127.0.0.1:9/x" onerror="alert(1)"> <script>alert(1)</script>',
      '![picture](http://127.0.0.1:9/y.png) [bad](javascript:alert(1)) [good](https://example.com/a)',
      '<a href="https://example.com">tag</a> <style>*{display:none}</style> <iframe src="https://example.com"></iframe>',
      '\u202Ereversed https://example.com/bare',
      `${'>'.repeat(300)} deep`,
      'w'.repeat(10_000),
    ].join('\n\n');
    await ask(page, `echo ${hostile}`);
    await answers(page).getByText('<script>alert(1)</script>').waitFor();
    expect(await page.locator('img, script').count()).toBe(before);
    expect(await page.locator('iframe, main style, main a[href]').count()).toBe(0);
    expect(await overflowOf(page)).toBe(0);
    expect(await barriersOf(page)).toEqual([]);
    await answers(page).getByRole('button', { name: 'good' }).click();
    await page.getByRole('dialog', { name: 'Open this address?' }).getByText('https://example.com/a').waitFor();
    await page.keyboard.press('Escape');
  });

  it('sends parameters, the system prompt and a text file, and shows the request as code', async () => {
    const page = await open();
    await page.getByLabel('System prompt').fill('Be short.');
    await page.getByLabel('Temperature').fill('9');
    await page.getByText('Must be from 0 to 5').waitFor();
    await page.getByLabel('Temperature').fill('0.5');
    const notes = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('words of a file') };
    await page.locator('input[type=file]').setInputFiles(notes);
    await page.getByText('notes.txt').waitFor();
    const sent = page.waitForRequest(/chat\/completions/);
    await ask(page, 'think after a thought');
    expect((await sent).postDataJSON()).toMatchObject({
      model: 'written',
      temperature: 0.5,
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'notes.txt:\n\nwords of a file\n\nthink after a thought' },
      ],
    });
    await page.getByRole('button', { name: 'As code' }).click();
    await page.getByRole('dialog').getByText('curl -N').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('dialog').getByText('Python').click();
    await page.getByRole('dialog').getByText('from openai import OpenAI').waitFor();
  });

  it('sends an image, and shows it with the question', async () => {
    const page = await open();
    const dot = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
      'base64',
    );
    await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: dot });
    await page.getByText('dot.png').waitFor();
    await ask(page, 'What is this?');
    await page.getByRole('img', { name: 'dot.png' }).waitFor();
    await answers(page).getByText('A sentence of the engine.').waitFor();
  });

  it('says why an answer failed, and starts an instance that does not start by itself', async () => {
    stage.window.allow(/ (?:400|409|503) |status of (?:400|409|503)/);
    const page = await open();
    await ask(page, 'refuse');
    await page.getByRole('alert').getByText('The engine refuses this question.').waitFor();
    const manual = await open('manual');
    await ask(manual, 'echo hello');
    await manual.getByRole('alert').getByRole('button', { name: 'Start manual' }).click();
    await manual.getByRole('alert').getByRole('button', { name: 'Start manual' }).waitFor({ state: 'detached' });
    await manual.getByText('running').first().waitFor();
    await manual.getByRole('button', { name: 'Try again' }).click();
    await answers(manual, 'manual').getByText('hello').waitFor();
  });

  it('says that an operator ended its request', async () => {
    const page = await open();
    await field(page).fill(`pace 50 ${'word '.repeat(900)}`);
    await field(page).press('Enter');
    await answers(page).getByText('word word').waitFor();
    const { body } = await stage.server.call('GET', '/api/requests?instance=written');
    const { in_flight: active } = RequestsSchema.parse(body);
    expect(active).toHaveLength(1);
    stage.window.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await stage.server.call('DELETE', `/api/requests/${active[0]?.id}`);
    await page.getByRole('alert').getByText('An operator ended this request').waitFor();
    await answers(page).getByText('word word').waitFor();
  });

  it('says that the engine died of its question', async () => {
    stage.window.allow(/ 502 |status of 502/);
    const page = await open('mortal');
    await ask(page, 'die');
    await page
      .getByRole('alert')
      .getByText(/The engine of .*mortal.* ended before it had answered/)
      .waitFor();
  });

  it('is found, renamed, exported and deleted in the history', async () => {
    const page = await open();
    await ask(page, 'echo about apples');
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByText('Ask written something').waitFor();
    await ask(page, 'echo about pears');
    const list = page.getByRole('list', { name: 'History' });
    await page.getByLabel('Search chats').fill('apples');
    await list.getByText('pears').waitFor({ state: 'detached' });
    const menu = async (item: string): Promise<void> => {
      await list.getByRole('button', { name: /^More for/ }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await menu('Rename');
    await page.getByRole('dialog').getByLabel('Name').fill('Fruit apples');
    await page.keyboard.press('Enter');
    await list.getByText('Fruit apples').waitFor();
    const saved = page.waitForEvent('download');
    await menu('Export as Markdown');
    expect((await saved).suggestedFilename()).toBe('fruit-apples.md');
    await menu('Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No chat has these words.').waitFor();
    await page.getByLabel('Search chats').fill('');
    await list.getByText('pears').waitFor();
    await page.reload();
    await list.getByText('pears').waitFor();
    expect(await list.getByText('apples').count()).toBe(0);
  });
});

describe('the other parts', () => {
  it('compare two instances with one prompt', async () => {
    const page = await open('written', 'compare');
    await page.getByLabel('One prompt for all').fill('echo **same** words');
    await page.keyboard.press('Enter');
    for (const at of [1, 2]) {
      const column = page.getByRole('region', { name: `Instance ${at}` });
      await column
        .getByText(/same words|sentence|tok\/s/)
        .first()
        .waitFor();
      await column.getByText('tok/s').waitFor();
    }
    expect(await barriersOf(page)).toEqual([]);
  });

  it('go on while another part or page is open, with one prompt, system prompt and parameters', async () => {
    const page = await open('written', 'compare');
    await page.getByLabel('One prompt for all').fill(`pace 500 ${'word '.repeat(40)}end`);
    await page.getByRole('button', { name: 'Settings of the comparison' }).click();
    await page.getByRole('dialog').getByLabel('System prompt').fill('Be short.');
    await page.getByRole('dialog').getByLabel('Seed').fill('7');
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const sent = page.waitForRequest(/chat\/completions/);
    await page.getByRole('button', { name: 'Run' }).click();
    expect((await sent).postDataJSON()).toMatchObject({
      seed: 7,
      messages: [{ role: 'system', content: 'Be short.' }, { role: 'user' }],
    });
    const column = page.getByRole('region', { name: 'Instance 1' });
    await column.getByText('word word').waitFor();
    await page.getByRole('tab', { name: 'Embeddings' }).click();
    await page.getByLabel('Texts, one in each line').fill('aab\nxyz');
    await page.getByRole('button', { name: 'Compute' }).click();
    await page.getByText('2 texts, 26 numbers each').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Instances' }).click();
    await page.getByRole('heading', { name: 'Instances' }).waitFor();
    await page.goBack();
    await page.getByText('2 texts, 26 numbers each').waitFor();
    await page.getByRole('tab', { name: 'Compare' }).click();
    await column.getByText('word end').waitFor();
    expect(await column.getByText('Stopped', { exact: true }).count()).toBe(0);
    expect(await page.getByLabel('One prompt for all').inputValue()).toContain('pace 500');
  });

  it('show how near texts are', async () => {
    const page = await open('written', 'embeddings');
    await page.getByLabel('Texts, one in each line').fill('aab\nxyz\naabb');
    await page.getByRole('button', { name: 'Compute' }).click();
    const nearest = page.getByRole('region', { name: 'Nearest pairs' }).getByRole('listitem').first();
    expect(await nearest.innerText()).toMatch(/0\.95\s+aab ↔ aabb/);
    await page.getByText('3 texts, 26 numbers each').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('lead to the option that a failed request names', async () => {
    stage.window.allow(/ 400 |status of 400/);
    const page = await stage.window.tab(stage.server.url, '/playground?instance=embed');
    await page.getByLabel('Texts, one in each line').fill('one\ntwo');
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Embeddings']);
    await page.getByRole('button', { name: 'Compute' }).click();
    await page.getByRole('alert').getByText("Pooling type 'none'").waitFor();
    await page.getByRole('link', { name: 'Set the option “pooling”' }).click();
    await page.getByLabel('pooling').waitFor();
  });

  it('rank documents', async () => {
    const page = await open('written', 'rerank');
    await page.getByLabel('Query').fill('red fruit');
    await page.getByLabel('Documents, one in each line').fill('a motor\na red fruit\na fruit');
    await page.getByRole('button', { name: 'Rank' }).click();
    const items = page.getByRole('region', { name: 'Ranking' }).getByRole('listitem');
    await items.first().waitFor();
    expect(await items.allInnerTexts()).toEqual([
      expect.stringContaining('a red fruit'),
      expect.stringContaining('a fruit'),
      expect.stringContaining('a motor'),
    ]);
    expect(await barriersOf(page)).toEqual([]);
  });

  it('transcribe a file, and say why another one is not taken', async () => {
    const page = await open('media', 'audio');
    const chooser = page.locator('input[type=file]');
    const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no sound at all') };
    await chooser.setInputFiles(text);
    await page.getByText('notes.txt has no sound that this browser can read.').waitFor();
    expect(await page.getByRole('button', { name: 'Transcribe' }).isDisabled()).toBe(true);
    await chooser.setInputFiles({ name: 'words.wav', mimeType: 'audio/wav', buffer: tone() });
    await page.getByLabel('words.wav', { exact: true }).waitFor();
    await page.getByLabel('Language').fill('de');
    await page.getByRole('button', { name: 'Transcribe' }).click();
    await page.getByText('Heard in de: words.wav, RIFF').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('refuse a file that is too large, before it is read', async () => {
    const page = await open('media', 'audio');
    await page.getByRole('button', { name: 'Choose a file' }).waitFor();
    // A file of this size would take long to make.
    await page.locator('input[type=file]').waitFor({ state: 'attached' });
    await page.evaluate(`{
      const input = document.querySelector('main input[type=file]');
      const large = new File(['RIFF'], 'large.wav');
      Object.defineProperty(large, 'size', { value: 100_000_001 });
      Object.defineProperty(input, 'files', { value: [large], configurable: true });
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }`);
    await page.getByText('large.wav is larger than 100 MB.').waitFor();
  });

  it('record with the microphone, and say why they cannot', async () => {
    const page = await open('media', 'audio');
    await page.evaluate(
      `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }`,
    );
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('alert').getByText('The browser refuses the microphone.').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.evaluate(`navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext();
      const sound = context.createOscillator();
      const target = context.createMediaStreamDestination();
      sound.connect(target);
      sound.start();
      return (window.stream_ = target.stream);
    }`);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByText('Records, 0:01').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'End the recording' }).click();
    await page.getByText('recording.wav').waitFor();
    expect(await page.evaluate('stream_.getTracks().every(({ readyState }) => readyState === "ended")')).toBe(true);
    await page.getByRole('button', { name: 'Transcribe' }).click();
    await page.getByText('Heard in any language: recording.wav, RIFF').waitFor();
  });

  it('turn the microphone off if its permission comes after the page was left', async () => {
    const page = await open('media', 'audio');
    await page.evaluate(`navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => {
      window.permit_ = () => {
        window.stream_ = new AudioContext().createMediaStreamDestination().stream;
        resolve(window.stream_);
      };
    })`);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByText('Text to speech').click();
    await page.getByLabel('Voice').waitFor();
    await page.evaluate('permit_()');
    await expect
      .poll(() => page.evaluate('stream_.getTracks().map(({ readyState }) => readyState)'))
      .toEqual(['ended']);
  });

  it('speak a text, and say if the engine cannot', async () => {
    stage.window.allow(/ 404 |status of 404/);
    const page = await open('media', 'audio');
    await page.getByText('Text to speech').click();
    await page.getByLabel('Text', { exact: true }).fill('Good morning.');
    await page.getByLabel('Voice').fill('anna');
    const sent = page.waitForRequest(/audio\/speech/);
    await page.getByRole('button', { name: 'Speak' }).click();
    expect((await sent).postDataJSON()).toEqual({
      model: 'media',
      input: 'Good morning.',
      response_format: 'wav',
      voice: 'anna',
    });
    const player = page.getByLabel('Speech', { exact: true }).locator('audio');
    await expect.poll(() => player.evaluate((audio: { duration: number }) => audio.duration)).toBeCloseTo(0.1);
    expect(await barriersOf(page)).toEqual([]);
    await page.getByLabel('Text', { exact: true }).fill('nothing');
    await page.getByRole('button', { name: 'Speak' }).click();
    await page.getByRole('alert').getByText('This engine cannot speak').waitFor();
  });

  it('make pictures of a prompt', async () => {
    const page = await open('media', 'image');
    await page.getByLabel('Prompt').fill('a red dot');
    await page.getByLabel('Pictures', { exact: true }).selectOption('2');
    await page.getByRole('button', { name: 'Make pictures' }).click();
    const second = page.getByRole('img', { name: 'a red dot (2)' });
    await expect.poll(() => second.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(1);
    expect(await barriersOf(page)).toEqual([]);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save picture 2' }).click();
    expect((await saved).suggestedFilename()).toBe('image-2.png');
  });

  it('measure answers at once, at most four over HTTP/1.1', async () => {
    const page = await open('written', 'load');
    await page.getByLabel('At once').fill('5');
    await page.getByText('Must be from 1 to 4').waitFor();
    await page.getByLabel('At once').fill('4');
    await page.getByText(/At most 4 at once/).waitFor();
    await page.getByRole('button', { name: 'Start the test' }).click();
    await page.getByRole('heading', { name: '8 of 8 answers' }).waitFor();
    await page.getByRole('row', { name: 'First token' }).getByText(' s').first().waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });
});

describe('a browser over HTTP/1.1', () => {
  it('lets a fifth answer wait, in whatever tab, and says so', async () => {
    const test = await open('written', 'load');
    await test.getByLabel('Prompt').fill(`pace 100 ${'word '.repeat(200)}`);
    await test.getByLabel('At once').fill('4');
    await test.getByRole('button', { name: 'Start the test' }).click();
    await test.getByText('0 of 8 answers').first().waitFor();
    const page = await open('other');
    await field(page).fill('echo hello');
    await field(page).press('Enter');
    await page.getByText(/Waits until one of four other answers/).waitFor();
    await test.getByRole('button', { name: 'Stop' }).click();
    await answers(page, 'other').getByText('hello').waitFor();
  });
});

describe('an instance', () => {
  it('has only the parts that its model can do', async () => {
    const page = await open('chat');
    await field(page).waitFor();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Chat', 'Compare', 'Load test']);
    await page.getByRole('button', { name: 'Add text files' }).waitFor();
    await page.getByRole('combobox', { name: 'Instance' }).selectOption('written');
    await page.getByRole('tab', { name: 'Rerank' }).waitFor();
    await page.getByText('Ask written something').waitFor();
    expect(await page.getByRole('tab', { name: 'Audio' }).count()).toBe(0);
    await page.getByRole('combobox', { name: 'Instance' }).selectOption('media');
    await page.getByRole('tab', { name: 'Audio' }).waitFor();
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Audio', 'Image']);
  });

  it('with embeddings only has no chat, but a chat can be read beside it', async () => {
    const page = await open();
    await ask(page, 'echo before embeddings');
    await page.getByRole('combobox', { name: 'Instance' }).selectOption('embed');
    await page.getByText('embed cannot chat').waitFor();
    await answers(page).getByText('before embeddings').waitFor();
    expect(await field(page).count()).toBe(0);
    const list = await stage.window.tab(stage.server.url, '/instances');
    await list.getByRole('button', { name: 'Chat with written' }).waitFor();
    expect(await list.getByRole('button', { name: 'Chat with embed' }).count()).toBe(0);
  });
});

describe('barriers', () => {
  it.each(['light', 'dark'] as const)('are none in %s, on a desk and on a phone', async (colorScheme) => {
    for (const viewport of [undefined, PHONE]) {
      const own = await Window.open(stage.browser, stage.server.url, {
        colorScheme,
        // A drawer that still slides in has pale colours.
        reducedMotion: 'reduce',
        ...(viewport === undefined ? {} : { viewport }),
      });
      const page = await open('written', 'chat', own);
      await field(page).waitFor();
      expect(await barriersOf(page)).toEqual([]);
      await ask(page, 'echo # Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\ncode\n```');
      await answers(page).getByRole('table').waitFor();
      expect(await barriersOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
      if (viewport !== undefined) {
        await page.getByRole('button', { name: 'Settings of the chat' }).click();
        await page.getByRole('dialog').getByLabel('Temperature').waitFor();
        expect(await barriersOf(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'History' }).click();
        await page.getByRole('dialog').getByText('echo # Title').waitFor();
        expect(await barriersOf(page)).toEqual([]);
      }
      expect(own.complaints).toEqual([]);
      await own.close();
    }
  });
});

/** Row 9 of the design: a chat of 100 KB. */
describe.runIf(isLong)('a chat of 100 KB', () => {
  const PARAGRAPH = `${'Some **words** of a long answer with `code`. '.repeat(20)}\n\n- one\n- two\n\n`;
  const LONG = PARAGRAPH.repeat(Math.ceil(25_000 / PARAGRAPH.length));
  /** A busy machine makes single rounds slow. */
  const ROUNDS = 8;

  it('takes keys within 50 ms, flushes within 16 ms, and opens within 500 ms', async () => {
    const page = await open();
    for (let at = 0; at < 4; at += 1) await ask(page, `echo ${LONG}`);
    const tools = await stage.window.context.newCDPSession(page);
    await tools.send('Performance.enable');
    const spent = async (): Promise<number> => {
      const { metrics } = await tools.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
    };
    await page.evaluate(`
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { processingStart, processingEnd } of list.getEntries()) {
          window.longest = Math.max(window.longest, processingEnd - processingStart);
        }
      }).observe({ type: 'event', durationThreshold: 16 });
      window.frames_ = 0;
      const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
      requestAnimationFrame(count);
    `);
    const typing: number[] = [];
    const flushing: number[] = [];
    while (typing.length < ROUNDS && !(Math.min(...typing) <= 50 && Math.min(...flushing) <= 16)) {
      await page.evaluate('window.longest = 0');
      await field(page).fill('');
      await page.keyboard.type('A question while nothing comes', { delay: 20 });
      typing.push(await page.evaluate<number>('window.longest'));
      await field(page).fill(`pace 16 ${PARAGRAPH.repeat(4)}`);
      await field(page).press('Enter');
      await answers(page).last().getByText('Some words').first().waitFor();
      const [from, framesFrom] = [await spent(), await page.evaluate<number>('window.frames_')];
      await page.getByRole('button', { name: 'Send' }).waitFor();
      const frames = (await page.evaluate<number>('window.frames_')) - framesFrom;
      flushing.push(((await spent()) - from) / frames);
    }
    expect(Math.min(...typing), `typing ${typing.join(', ')}`).toBeLessThanOrEqual(50);
    expect(Math.min(...flushing), `a flush ${flushing.join(', ')}`).toBeLessThanOrEqual(16);
    await page.addInitScript({
      content: `const look = () => {
        const last = [...document.querySelectorAll('article')].at(-1);
        if (last?.querySelector('strong')) document.documentElement.dataset.shownAt = performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);`,
    });
    const opening: number[] = [];
    while (opening.length < ROUNDS && !(Math.min(...opening) <= 500)) {
      await page.reload();
      const shown = page.locator('html[data-shown-at]');
      await shown.waitFor();
      opening.push(Number(await shown.getAttribute('data-shown-at')));
    }
    expect(Math.min(...opening), `opening ${opening.join(', ')}`).toBeLessThanOrEqual(500);
  });
});

describe('one chat in two tabs', () => {
  it('has what both ask, and each tab shows it', async () => {
    const page = await open();
    await ask(page, 'echo at first');
    const other = await stage.window.tab(stage.server.url, new URL(page.url()).hash.slice(1));
    await answers(other).getByText('at first').waitFor();
    await ask(other, 'echo from the other tab');
    await answers(page).getByText('from the other tab').waitFor();
    await ask(page, 'echo from this tab');
    await answers(other).getByText('from this tab').waitFor();
    await other.reload();
    await answers(other).getByText('from this tab').waitFor();
    expect(await answers(other).count()).toBe(3);
  });

  it('has both questions if the second tab asks before it hears of the first', async () => {
    const page = await open();
    await ask(page, 'echo at first');
    const other = await stage.window.tab(stage.server.url, new URL(page.url()).hash.slice(1));
    await answers(other).getByText('at first').waitFor();
    await page.evaluate('BroadcastChannel.prototype.postMessage = () => undefined');
    await ask(page, 'echo from here');
    expect(await answers(other).getByText('from here').count()).toBe(0);
    await ask(other, 'echo from there');
    await other.getByText('2/2').waitFor();
    await other.reload();
    await answers(other).getByText('from there').waitFor();
    await other.getByRole('button', { name: 'Branch before' }).click();
    await answers(other).getByText('from here').waitFor();
  });

  it.each(['is closed', 'is loaded again'])(
    'shows as stopped, with Continue, when the tab that gets the answer %s',
    async (how) => {
      const page = await open();
      await field(page).fill(`pace 60 ${'word '.repeat(2_000)}`);
      await field(page).press('Enter');
      await answers(page).getByText('word word').waitFor();
      await page.waitForURL(/chat=/);
      const other = await stage.window.tab(stage.server.url, new URL(page.url()).hash.slice(1));
      await answers(other).getByText('Comes to another tab').waitFor();
      if (how === 'is closed') {
        await page.close({ runBeforeUnload: false });
      } else {
        await page.reload();
        await answers(page).getByText('Stopped').waitFor({ timeout: 8_000 });
        await answers(page).getByRole('button', { name: 'Continue' }).waitFor();
      }
      await answers(other).getByText('Stopped').waitFor({ timeout: 8_000 });
      await answers(other).getByRole('button', { name: 'Continue' }).click();
      await answers(other).getByText('goes on.').waitFor();
      expect(await answers(other).count()).toBe(1);
    },
  );

  it('is not written again after the other tab has deleted it', async () => {
    const page = await open();
    await ask(page, 'echo to be deleted');
    const other = await stage.window.tab(stage.server.url, new URL(page.url()).hash.slice(1));
    const history = other.getByRole('list', { name: 'History' });
    await history.getByRole('button', { name: /^More for/ }).click();
    await other.getByRole('menuitem', { name: 'Delete' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Ask written something').waitFor();
    await ask(page, 'echo something else');
    await history.getByText('something else').waitFor();
    expect(await history.getByText('to be deleted').count()).toBe(0);
  });
});

describe('an open chat', () => {
  it('keeps its instance when the address of another one opens', async () => {
    const page = await open();
    await ask(page, 'echo of the first');
    const history = page.getByRole('list', { name: 'History' });
    await page.goto(`${stage.server.url}/#/playground?instance=other`);
    await page.getByText('Ask other something').waitFor();
    await ask(page, 'echo of the second');
    const names = async (): Promise<string[]> => history.getByRole('listitem').allInnerTexts();
    await expect
      .poll(names)
      .toEqual([expect.stringMatching(/second\s+other/), expect.stringMatching(/first\s+written/)]);
    await page.reload();
    await expect
      .poll(names)
      .toEqual([expect.stringMatching(/second\s+other/), expect.stringMatching(/first\s+written/)]);
  });

  it('is open again after another part', async () => {
    const page = await open();
    await ask(page, 'echo before the other part');
    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByLabel('One prompt for all').waitFor();
    await page.getByRole('tab', { name: 'Chat' }).click();
    await answers(page).getByText('before the other part').waitFor();
  });
});

describe('chats of before accounts', () => {
  it('are offered to the first user who logs in, and nothing replaces them', async () => {
    const own = await ServerProcess.create();
    const engine = await chatEngine(own.home);
    await own.configure(engine);
    await own.start();
    const made = await own.call('POST', '/api/instances', { name: 'written', engine: 'spoken' });
    expect(made.status).toBe(201);
    const tabs = await Window.open(stage.browser, own.url);
    const page = await tabs.tab(own.url, '/playground?instance=written');
    await ask(page, 'echo long ago');
    await page.waitForURL(/chat=/);
    const address = new URL(page.url()).hash.slice(1);
    await page.close();
    await own.end('SIGTERM');
    await own.configure(`${engine}auth: { enabled: true }\n`);
    await own.start();
    const password = await readFile(path.join(own.dataDirectory, 'admin-password'), 'utf8');
    const later = await tabs.tab(own.url, address);
    await logIn(later, 'admin', password.trim());
    const history = later.getByRole('list', { name: 'History' });
    await later.getByText('1 chat of this browser, from before accounts were turned on.').waitFor();
    await later.getByText('Ask written something').waitFor();
    const beside = await tabs.tab(own.url, address);
    await beside.getByText('Ask written something').waitFor();
    await ask(beside, 'echo not there yet');
    await later.getByRole('button', { name: 'Make them mine' }).click();
    await history.getByText('echo long ago').waitFor();
    await history.getByText('echo not there yet').waitFor();
    await later.getByText('1 chat of this browser').waitFor({ state: 'detached' });
    await answers(later).getByText('long ago').waitFor();
    expect(await answers(beside).allInnerTexts()).toEqual([expect.stringContaining('not there yet')]);
    expect(tabs.complaints).toEqual([]);
    await tabs.close();
    await own.dispose();
  });
});
