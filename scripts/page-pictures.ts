import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { withProgram } from './temporary-program.ts';
import { testBrowser } from './test-assets.ts';

/**
 * Takes the pictures of the web page in the documentation: the real program with a real engine and the demo model, in
 * Chromium.
 *
 *     npm run page-pictures
 */

const PICTURES = path.join(import.meta.dirname, '..', 'docs', 'pictures');

const DESK = { width: 1400, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Instances of the pictures. */
const FLEET = [
  { name: 'chat', group: 'talk', pinned: true },
  { name: 'code', group: 'talk' },
  { name: 'embed', aliases: ['text-embedding-3-small'] },
  { name: 'summaries' },
  { name: 'translate', group: 'talk' },
];
const RUNNING = ['chat', 'code', 'embed'];

/** Pages on pictures, and their looks. None of them shows a path of this machine. */
const PAGES = [
  { file: 'instances', hash: '/instances', looks: ['desk-light', 'desk-dark', 'phone-light'] },
  { file: 'playground', hash: '/playground?instance=chat', looks: ['desk-light', 'phone-dark'] },
  { file: 'new', hash: '/new', looks: ['desk-light'] },
  { file: 'models', hash: '/models', looks: ['desk-light'] },
  { file: 'requests', hash: '/requests', looks: ['desk-light', 'phone-light'] },
  { file: 'system', hash: '/system', looks: ['desk-dark'] },
  { file: 'api', hash: '/api', looks: ['desk-light'] },
];

/** Milliseconds for data that comes after the page: charts, figures, the log. */
const SETTLES_MS = 2_500;

const browser = testBrowser();
if ('missing' in browser) throw new Error(browser.missing);
await takePictures(browser.program);

async function takePictures(program: string): Promise<void> {
  await withProgram({ prefix: 'llamactl-pictures-', model: 'demo-model.gguf' }, async ({ port, model, run }) => {
    const url = `http://127.0.0.1:${port}`;
    await run('llamactl up');
    await fill(url, model);
    await mkdir(PICTURES, { recursive: true });
    const chrome = await chromium.launch({
      executablePath: program,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    try {
      await photograph(chrome, url);
    } finally {
      await chrome.close();
    }
  });
}

/** Creates instances, starts some, and sends them requests. The last one fails at its start. */
async function fill(url: string, model: string): Promise<void> {
  const post = async (place: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + place, { method: 'POST', headers, body: JSON.stringify(body) });
    await answer.text();
  };
  for (const settings of FLEET) await post('/api/instances', { ...settings, model_path: model });
  await post('/api/instances', { name: 'broken', model_path: model, options: { ctx_size: -5 } });
  await Promise.all([...RUNNING, 'broken'].map((name) => post(`/api/instances/${name}/start?wait=true`, {})));
  const messages = [{ role: 'user', content: 'Name three fruits.' }];
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      ['chat', 'code'].map((name) => post('/v1/chat/completions', { model: name, messages, stream: true })),
    );
  }
}

async function photograph(chrome: Browser, url: string): Promise<void> {
  for (const [name, size] of Object.entries({ desk: DESK, phone: PHONE })) {
    for (const scheme of ['light', 'dark'] as const) {
      const look = `${name}-${scheme}`;
      const context = await chrome.newContext({ viewport: size, colorScheme: scheme, locale: 'en-US' });
      const page = await context.newPage();
      for (const { file, hash } of PAGES.filter(({ looks }) => looks.includes(look))) {
        await page.goto(`${url}/#${hash}`);
        await page.waitForTimeout(SETTLES_MS);
        await page.screenshot({ path: path.join(PICTURES, `${file}-${look}.png`) });
      }
      await context.close();
    }
  }
}
