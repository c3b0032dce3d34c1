import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The form for new and existing instances, on the real server with the real engine. */

let folder: string;

afterAll(() => rm(folder, { recursive: true }));

const stage = pageStage(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-models-'));
  await copyFile(await testModel(), path.join(folder, 'demo-model.gguf'));
  return `models: { dirs: [${JSON.stringify(folder)}] }\n`;
});

const meaning = (page: Page) => page.getByRole('complementary', { name: 'What it means' });
const optionField = (page: Page, key: string) => page.getByLabel(key, { exact: true });

/** The part of an element in the browser that these tests use. */
interface Shown {
  matches(selector: string): boolean;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { left: number; top: number; width: number; height: number };
  ownerDocument: {
    elementFromPoint(x: number, y: number): unknown;
    getElementById(id: string): { textContent: string | null } | null;
  };
}

/** Whether the middle of a field is on the screen, and nothing covers it. */
function inView(field: Locator): Promise<boolean> {
  return field.evaluate((element: Shown) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return element.ownerDocument.elementFromPoint(left + width / 2, top + height / 2) === element;
  });
}

/** The notes that belong to a field, as screen readers say them. */
function descriptionOf(field: Locator): Promise<string> {
  return field.evaluate((element: Shown) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => element.ownerDocument.getElementById(id)?.textContent ?? '')
      .join(' '),
  );
}

/** Whether a field has the focus, also within a shadow root. */
function isFocused(field: Locator): Promise<boolean> {
  return field.evaluate((element: Shown) => element.matches(':focus'));
}

/** The buttons that stand out as the first choice. */
async function primaryOf(buttons: readonly Locator[]): Promise<Locator[]> {
  const classes = await Promise.all(buttons.map((button) => button.getAttribute('class')));
  return buttons.filter((_, at) => classes[at]?.split(' ').includes('bg-accent'));
}

async function pickModel(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'Model' }).fill('demo');
  await page.getByRole('listbox').getByRole('option', { name: 'demo-model' }).click();
}

async function settingsOf(name: string): Promise<Record<string, unknown>> {
  return (await stage.server.call('GET', `/api/instances/${name}`)).body;
}

async function create(name: string, options: Record<string, unknown>): Promise<void> {
  const body = { name, model_path: path.join(folder, 'demo-model.gguf'), options };
  const answer = await stage.server.call('POST', '/api/instances', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

describe.skipIf(HAS_NO_BROWSER)('a server without instances, but with a model on its disk', () => {
  it('offers this model first: a download takes longer', async () => {
    const page = await stage.window.tab(stage.server.url);
    const ready = page.getByRole('button', { name: 'Create and start' }).first();
    await page.getByText('demo-model').waitFor();
    const downloads = page.getByRole('button', { name: 'Get and chat' });
    await downloads.first().waitFor();
    expect(await primaryOf([ready, ...(await downloads.all())])).toEqual([ready]);
  });

  it('finds the model too if the page is opened before the first scan is over', async () => {
    const unfinished = { models: [], problems: [], scanning: true };
    await stage.window.context.route('**/api/models', (route) => route.fulfill({ json: unfinished }), { times: 1 });
    const page = await stage.window.tab(stage.server.url);
    await page.getByText('llamactl is looking for model files').waitFor();
    await page.getByText('demo-model').waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('a new instance', () => {
  it('is made of a model of the library, and started', async () => {
    const page = await stage.window.tab(stage.server.url, '/new');
    await meaning(page).getByText('Choose a model and a name.').waitFor();
    await pickModel(page);
    await meaning(page).getByText('Fits now').waitFor();
    await optionField(page, 'ctx_size').fill('512');
    await meaning(page).getByText('--ctx-size 512').waitFor();
    await page.getByLabel('Other names').fill('first\nsecond');
    await page.getByRole('button', { name: 'Save and start' }).click();
    await page.waitForURL(/#\/instances\/demo-model$/);
    await expect.poll(async () => (await settingsOf('demo-model'))['status']).toBe('running');
    expect(await settingsOf('demo-model')).toMatchObject({
      model: 'demo-model',
      options: { ctx_size: 512 },
      aliases: ['first', 'second'],
    });
    expect((await stage.server.call('POST', '/api/instances/demo-model/stop')).status).toBe(200);
  });

  it('is left by Cancel, without a question while nothing was typed', async () => {
    const page = await stage.window.tab(stage.server.url, '/new');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL(/#\/instances$/);
  });

  it('shows under its field why the engine refuses an option, and cannot be saved so', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?model=demo-model');
    await optionField(page, 'threads').fill('many');
    await page.getByText('needs a number, not "many"').first().waitFor();
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await expect.poll(() => save.isDisabled()).toBe(true);
    await page.getByLabel('Another option, as key=value').fill('ctx_sise=512');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('did you mean `ctx_size`?').first().waitFor();
    await page.getByRole('button', { name: 'Use ctx_size' }).click();
    await page.getByRole('button', { name: 'Use ctx_size' }).waitFor({ state: 'detached' });
    expect(await optionField(page, 'ctx_size').inputValue()).toBe('512');
    await page.getByRole('button', { name: 'Back to the default of threads' }).click();
    await expect.poll(() => save.isEnabled()).toBe(true);
  });

  it('shows all mistakes at once, in the form and in the document', async () => {
    // A wrong name makes the form of the whole wrong.
    stage.window.allow(/ 400 |status of 400/);
    const page = await stage.window.tab(stage.server.url, '/new?model=demo-model');
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('x y/z');
    await optionField(page, 'ctx_size').fill('abc');
    await meaning(page).getByText('2 problems').waitFor();
    await page.getByText('needs a number, not "abc"').first().waitFor();
    await page.getByText('YAML', { exact: true }).click();
    await page.locator('.cm-line').first().waitFor();
    const text = 'name: right\nmodel: demo-model\nportt: 1\nqueue: 2\noptions:\n  ctx_sise: 1\n  parallel: two\n';
    // The editor draws its lines again when it marks them, which must not come between the selection and the new text.
    await page.getByText(/^Line 3: options.ctx_size|^Line 4: options.ctx_size/).waitFor();
    await page.getByRole('textbox', { name: 'All settings as YAML' }).fill(text);
    await expect.poll(async () => (await page.locator('.cm-line').allTextContents()).join('\n')).toBe(text);
    // The panel's whole text stands in the message of a failure.
    await expect.poll(() => meaning(page).textContent(), { timeout: 30_000 }).toContain('4 problems');
    await page.getByText(/^Line 6: options.ctx_sise/).waitFor();
  });

  it.runIf(isLong)('takes a pasted command, and says what it leaves out', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?tab=command');
    const text = `docker run --rm ghcr.io/ggml-org/llama.cpp:server -m ${folder}/demo-model.gguf -c 640 --host 0.0.0.0 --alias my-coder`;
    await page.getByLabel('A command line, docker run').fill(text);
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.getByText('is set by llamactl: an engine listens on loopback').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Use in the form' }).click();
    expect(await optionField(page, 'ctx_size').inputValue()).toBe('640');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('my-coder');
    expect(await page.getByLabel('Other names').inputValue()).toBe('');
    expect(await page.getByLabel('Path of the model file').inputValue()).toBe(`${folder}/demo-model.gguf`);
    await meaning(page).getByText('--ctx-size 640').waitFor();
  });

  it.runIf(isLong)('is written as a document too', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?tab=yaml');
    await page.getByRole('textbox').fill('name: written\nmodel: demo-model\noptions: { ctx_size: 700');
    await page.getByText('Flow map in block collection').waitFor();
    await page.getByRole('textbox').fill('name: written\nmodel: demo-model\noptions: { ctx_size: 700 }\n');
    await meaning(page).getByText('--ctx-size 700').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/#\/instances\/written$/);
    expect(await settingsOf('written')).toMatchObject({ options: { ctx_size: 700 } });
  });

  it('is written in an editor that offers keys, marks wrong lines, and lets the Tab key out', async () => {
    // The form of what is half written is wrong.
    stage.window.allow(/ 400 |status of 400/);
    const page = await stage.window.tab(stage.server.url, '/new?tab=yaml');
    const editor = page.getByRole('textbox', { name: 'All settings as YAML' });
    // The text area of before has no lines.
    await page.locator('.cm-line').first().waitFor();
    await editor.fill('name: lined\nmodel: demo-model\n');
    await editor.press('Control+End');
    await page.keyboard.type('opt');
    await page.getByRole('option', { name: 'options' }).click();
    await page.keyboard.type('thr');
    const threads = page.getByRole('option').filter({ hasText: /^threads</ });
    await threads.waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await threads.click();
    await page.keyboard.type('many');
    await page.getByText('Line 4: options.threads: needs a number, not "many"').waitFor();
    await page.locator('.cm-lintRange-error', { hasText: 'threads: many' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    for (let at = 0; at < 'many'.length; at += 1) await page.keyboard.press('Backspace');
    await page.keyboard.type('{ 2');
    await page.getByText(/^Line 4: .*(?:flow|Flow)/).waitFor();
    await page.keyboard.press('Shift+Home');
    await page.keyboard.type('threads: 2');
    await meaning(page).getByText('--threads 2').waitFor();
    await page.keyboard.press('Tab');
    expect(await editor.textContent()).toContain('options:    threads: 2');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await expect.poll(() => isFocused(editor)).toBe(false);
  });

  it('is not saved while the document in the editor cannot be read, so that the typed text is not lost', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?tab=yaml');
    const editor = page.getByRole('textbox', { name: 'All settings as YAML' });
    await page.locator('.cm-line').first().waitFor();
    await editor.fill('name: torn\nmodel: demo-model\n');
    await meaning(page).getByText('Fits now').waitFor();
    await editor.fill('name: torn\nmodel: demo-model\noptions: { ctx_size: 700');
    await meaning(page).getByText('The text under YAML cannot be read.').waitFor();
    const saves = ['Save', 'Save and start'].map((name) => page.getByRole('button', { name, exact: true }));
    for (const save of saves) expect(await save.isDisabled()).toBe(true);
    expect(await meaning(page).getByText('Fits now').count()).toBe(0);
    expect(await barriersOf(page)).toEqual([]);
    await page.getByText('Form', { exact: true }).click();
    await optionField(page, 'ctx_size').waitFor();
    for (const save of saves) expect(await save.isDisabled()).toBe(true);
    await page.getByText('YAML', { exact: true }).click();
    await expect.poll(() => editor.textContent()).toContain('ctx_size: 700');
    await page.getByRole('button', { name: 'Drop the text' }).click();
    for (const save of saves) await expect.poll(() => save.isEnabled()).toBe(true);
    expect(await editor.textContent()).not.toContain('ctx_size: 700');
  });

  it('shows its command, and is not saved while a pasted one was not taken into the form', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?tab=command&model=demo-model');
    await page.locator('main pre[aria-label="Command"]', { hasText: '--model' }).first().waitFor();
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await expect.poll(() => save.isEnabled()).toBe(true);
    await page.getByLabel('A command line, docker run').fill('llama-server -c 640 --ctx-sise 5');
    await meaning(page).getByText('The text under Command was not taken into the form.').waitFor();
    expect(await save.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.getByText('did you mean `--ctx-size`?').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Use in the form' }).click();
    expect(await optionField(page, 'ctx_size').inputValue()).toBe('640');
    await expect.poll(() => save.isEnabled()).toBe(true);
  });

  it('is written in a plain text area if the editor does not come', async () => {
    stage.window.allow(/code-surface|ERR_FAILED/);
    await stage.window.context.route(/code-surface/, (route) => route.abort());
    const page = await stage.window.tab(stage.server.url, '/new?tab=yaml');
    const field = page.locator('textarea');
    await field.fill('name: plain\nmodel: demo-model\noptions: { threads: 2 }\n');
    await meaning(page).getByText('--threads 2').waitFor();
    expect(await page.locator('.cm-line').count()).toBe(0);
  });

  it.runIf(isLong)('is kept by the tab until it is saved, and leaving asks', async () => {
    const page = await stage.window.tab(stage.server.url, '/new');
    await page.getByLabel('Name', { exact: true }).fill('later');
    await page.getByRole('link', { name: 'Instances' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    expect(await barriersOf(page)).toEqual([]);
    await question.getByRole('button', { name: 'Stay' }).click();
    await page.getByRole('link', { name: 'Instances' }).click();
    await question.getByRole('button', { name: 'Leave and keep' }).click();
    await page.waitForURL(/#\/instances$/);
    await page.goto(`${stage.server.url}/#/new`);
    await page.getByText('Your changes of before are here again.').waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('later');
    await page.getByRole('button', { name: 'Start over' }).click();
    await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toBe('');
  });
});

describe.skipIf(HAS_NO_BROWSER)('a form with changes', () => {
  it.each(['/models', '/new'])('has its own address again after Stay, also if %s came before it', async (first) => {
    const page = await stage.window.tab(stage.server.url, first);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.evaluate(`location.hash = '#/new'`);
    await page.getByLabel('Name', { exact: true }).fill('later');
    await page.evaluate(`location.hash = '#/requests'`);
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await question.getByRole('button', { name: 'Stay' }).click();
    await page.waitForURL(/#\/new/);
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('later');
    await page.evaluate(`location.hash = '#/requests'`);
    await question.getByRole('button', { name: 'Leave and keep' }).click();
    await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
    expect(page.url()).toContain('#/requests');
  });
});

describe.skipIf(HAS_NO_BROWSER)('an instance in two windows', () => {
  it('keeps what each has changed: the second to save sees both', async () => {
    stage.window.allow(/412/);
    await create('shared', { ctx_size: 512, threads: 1 });
    const [first, second] = [
      await stage.window.tab(stage.server.url, '/instances/shared/edit'),
      await stage.window.tab(stage.server.url, '/instances/shared/edit'),
    ];
    await optionField(second, 'ctx_size').fill('1024');
    await optionField(first, 'ctx_size').fill('256');
    await optionField(first, 'threads').fill('2');
    await first.getByRole('button', { name: 'Save', exact: true }).click();
    await first.waitForURL(/#\/instances\/shared$/);
    await second.getByText('The settings have changed elsewhere').waitFor();
    await second.getByRole('button', { name: 'Save', exact: true }).click();
    const question = second.getByRole('dialog', { name: 'Changed elsewhere' });
    const row = question.getByRole('listitem').filter({ hasText: 'options.ctx_size' });
    await row.waitFor();
    expect(await row.getByRole('definition').allTextContents()).toEqual(['512', '256', '1024']);
    expect(await barriersOf(second)).toEqual([]);
    await question.getByRole('button', { name: 'Take these' }).click();
    await expect.poll(() => optionField(second, 'threads').inputValue()).toBe('2');
    await second.getByRole('button', { name: 'Save', exact: true }).click();
    await second.waitForURL(/#\/instances\/shared$/);
    expect(await settingsOf('shared')).toMatchObject({ options: { ctx_size: 1024, threads: 2 } });
  });
});

describe.skipIf(HAS_NO_BROWSER)('a link to a field', () => {
  beforeAll(() => create('linked', { ctx_size: 512 }));

  it.each(['ctx_size', 'grammar'])('opens the form with the option %s in view, focused', async (key) => {
    const page = await stage.window.tab(stage.server.url, `/instances/linked/edit?field=options.${key}`);
    await optionField(page, key).waitFor();
    await expect.poll(() => isFocused(optionField(page, key))).toBe(true);
    await expect.poll(() => inView(optionField(page, key))).toBe(true);
  });

  it('comes from a remedy of an instance that failed', async () => {
    const body = { name: 'lost', model_path: path.join(folder, 'nothing.gguf') };
    expect((await stage.server.call('POST', '/api/instances', body)).status).toBe(201);
    await stage.server.call('POST', '/api/instances/lost/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/lost');
    await page.getByRole('button', { name: 'Choose another model file' }).click();
    await page.waitForURL(/edit\?field=model$/);
    await expect.poll(() => isFocused(page.getByRole('combobox', { name: 'Model' }))).toBe(true);
    expect(await barriersOf(page)).toEqual([]);
  });

  it('leads to an editor, and to a key of the configuration', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/linked/edit?field=request_defaults');
    const editor = page.getByRole('textbox', { name: 'Defaults of requests' });
    await page.locator('.cm-line').first().waitFor();
    await expect.poll(() => isFocused(editor)).toBe(true);
    await page.goto(`${stage.server.url}/#/settings?field=instances.start_timeout`);
    await expect.poll(() => isFocused(page.getByLabel('instances.start_timeout'))).toBe(true);
    await expect.poll(() => inView(page.getByLabel('instances.start_timeout'))).toBe(true);
  });
});

describe.skipIf(HAS_NO_BROWSER)('the form of an instance', () => {
  it('has only the settings that are set in its document, and others are no changes', async () => {
    await create('short', { ctx_size: 512 });
    const page = await stage.window.tab(stage.server.url, '/instances/short/edit?tab=yaml');
    const editor = page.getByRole('textbox', { name: 'All settings as YAML' });
    await page.locator('.cm-line').first().waitFor();
    const lines = await page.locator('.cm-line').allTextContents();
    // A default that no configuration changes is absent. One that the record has new must be known to the page.
    expect(lines).toEqual([
      'name: short',
      `model_path: ${path.join(folder, 'demo-model.gguf')}`,
      expect.stringMatching(/^port: \d+$/),
      'options:',
      '  ctx_size: 512',
      'auto_restart: true',
      'max_restarts: 5',
      'idle_timeout: 0',
      '',
    ]);
    await editor.press('Control+End');
    await page.keyboard.type('group: big');
    await meaning(page).getByText('One change').waitFor();
  });

  it('begins in its first field, and is saved with Ctrl+S', async () => {
    // Without any instance the page shows the first run instead.
    await create('any', {});
    const page = await stage.window.tab(stage.server.url, '/instances');
    await page.getByRole('button', { name: 'New', exact: true }).waitFor();
    await page.keyboard.press('n');
    const field = page.getByLabel('Name', { exact: true });
    await expect.poll(() => isFocused(field)).toBe(true);
    await page.keyboard.type('by-keys');
    await pickModel(page);
    await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isEnabled()).toBe(true);
    await page.getByLabel('Other names').press('Control+Enter');
    await page.waitForURL(/#\/instances\/by-keys$/);
    await page.goto(`${stage.server.url}/#/instances/by-keys/edit`);
    // The form of the new instance has such an editor too, and stays until the next page has loaded.
    await page.getByRole('heading', { name: 'Edit by-keys' }).waitFor();
    const editor = page.getByRole('textbox', { name: 'Defaults of requests' });
    await page.locator('.cm-line').first().waitFor();
    await editor.fill('{ "temperature": 0.5 }');
    await expect.poll(() => editor.textContent()).toBe('{ "temperature": 0.5 }');
    await meaning(page).getByText('One change').waitFor();
    await page.keyboard.press('Tab');
    await expect.poll(() => isFocused(editor)).toBe(false);
    await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isEnabled()).toBe(true);
    await page.keyboard.press('Control+s');
    await page.waitForURL(/#\/instances\/by-keys$/);
    expect(await settingsOf('by-keys')).toMatchObject({ request_defaults: { temperature: 0.5 } });
  });

  it('warns at its fields of a file that is missing, a port that is taken, and an unknown argument', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const page = await stage.window.tab(stage.server.url, '/new');
    await page.getByLabel('Name', { exact: true }).fill('warned');
    await page.getByText('Path', { exact: true }).click();
    const file = page.getByLabel('Path of the model file');
    await file.fill('/nowhere/chat.gguf');
    await expect.poll(() => descriptionOf(file)).toContain('does not exist');
    await page.getByLabel('Port', { exact: true }).fill(port);
    await expect.poll(() => descriptionOf(page.getByLabel('Port', { exact: true }))).toContain('is in use by');
    const further = page.getByLabel('Further arguments');
    await further.fill('--bogus');
    await expect.poll(() => descriptionOf(further)).toContain('is not a flag of this engine');
    await file.focus();
    for (const _ of [1, 2]) {
      await meaning(page).getByRole('button', { name: 'Further arguments, line 1' }).click();
      await expect.poll(() => isFocused(further)).toBe(true);
      await expect.poll(() => inView(further)).toBe(true);
    }
    expect(await barriersOf(page)).toEqual([]);
    other.close();
  });

  it('renames it, and keeps the changes that are not saved', async () => {
    await create('before', { ctx_size: 512 });
    const page = await stage.window.tab(stage.server.url, '/instances/before/edit');
    await optionField(page, 'ctx_size').fill('640');
    await page.getByRole('button', { name: 'Rename' }).click();
    const question = page.getByRole('dialog', { name: 'Rename before' });
    expect(await barriersOf(page)).toEqual([]);
    await question.getByLabel('New name').fill('after');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/instances\/after\/edit$/);
    await page.getByRole('heading', { name: 'Edit after' }).waitFor();
    expect(await optionField(page, 'ctx_size').inputValue()).toBe('640');
    expect(await settingsOf('after')).toMatchObject({ options: { ctx_size: 512 } });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/#\/instances\/after$/);
    expect(await settingsOf('after')).toMatchObject({ options: { ctx_size: 640 } });
  });
});

describe.skipIf(HAS_NO_BROWSER)('the settings of a running instance', () => {
  beforeAll(async () => {
    await create('busy', { ctx_size: 512 });
    expect((await stage.server.call('POST', '/api/instances/busy/start?wait=true')).status).toBe(200);
  });

  it('count after a restart, which the form offers', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/busy/edit');
    await optionField(page, 'ctx_size').fill('768');
    await meaning(page).getByText('The running engine keeps its settings until a restart.').waitFor();
    await meaning(page).getByText('512 → 768').waitFor();
    await page.getByRole('button', { name: 'Save and restart' }).click();
    await page.waitForURL(/#\/instances\/busy$/);
    await expect
      .poll(() => settingsOf('busy'))
      .toMatchObject({ status: 'running', restart_required: false, options: { ctx_size: 768 } });
  });

  it('are saved with a restart first where the engine needs one, and without where they count at once', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/busy/edit');
    const save = page.getByRole('button', { name: 'Save', exact: true });
    const restart = page.getByRole('button', { name: 'Save and restart' });
    await page.getByLabel('Other names').fill('occupied');
    await expect.poll(() => primaryOf([save, restart])).toEqual([save]);
    expect(await meaning(page).getByText('The running engine keeps its settings until a restart.').count()).toBe(0);
    await optionField(page, 'ctx_size').fill('640');
    await expect.poll(() => primaryOf([save, restart])).toEqual([restart]);
    await save.hover();
    await page.getByText('They take effect at the next start.').waitFor();
    await save.click();
    await page.waitForURL(/#\/instances\/busy$/);
    expect(await settingsOf('busy')).toMatchObject({
      status: 'running',
      restart_required: true,
      aliases: ['occupied'],
    });
  });

  it.runIf(isLong)('are the first ones of a copy, without what only one instance can have', async () => {
    const page = await stage.window.tab(stage.server.url, '/new?from=busy');
    await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toBe('busy-2');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/#\/instances\/busy-2$/);
    expect((await settingsOf('busy-2'))['options']).toEqual((await settingsOf('busy'))['options']);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'have no barriers in %s, on a desk and on a phone',
    async (colorScheme) => {
      for (const viewport of [undefined, PHONE]) {
        const own = await Window.open(stage.browser, stage.server.url, {
          colorScheme,
          ...(viewport === undefined ? {} : { viewport }),
        });
        const page = await own.tab(stage.server.url, '/instances/busy/edit');
        await optionField(page, 'ctx_size').fill('many');
        await page.getByText('needs a number').first().waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        if (viewport === PHONE) {
          await page.getByRole('button', { name: 'What it means' }).click();
          await page.getByRole('dialog', { name: 'What it means' }).getByText('options.ctx_size').first().waitFor();
          expect(await barriersOf(page)).toEqual([]);
        }
        expect(own.complaints).toEqual([]);
        await own.close();
      }
    },
  );
});
