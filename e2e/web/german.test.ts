import { beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { barriersOf, HAS_NO_BROWSER } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The sentences of the server on a page in German, in a real browser. */

const stage = pageStage('', { locale: 'de-DE' });

beforeAll(async () => {
  await create('gone', { model_path: '/models/none.gguf' });
  await create('flag', { extra_args: ['--ctx-siez', '1'] });
  await stage.server.call('POST', '/api/instances/flag/start?wait=true');
});

async function create(name: string, settings: Record<string, unknown>): Promise<void> {
  const body = { name, model_path: await testModel(), auto_restart: false, ...settings };
  const answer = await stage.server.call('POST', '/api/instances', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

describe.skipIf(HAS_NO_BROWSER)('a German reader', () => {
  it('reads causes and steps in German', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/gone');
    const why = page.getByRole('region', { name: 'Warum' });
    await why
      .getByText('gone lief noch nie und kann nicht starten: Die Datei /models/none.gguf existiert nicht.')
      .waitFor();
    await why.getByText('Oder die Datei zurücklegen: /models/none.gguf').waitFor();
    expect(await why.locator('[lang="en"]').count()).toBe(0);
    expect(await barriersOf(page)).toEqual([]);
    await why.getByRole('button', { name: 'Ein anderes Modell wählen' }).click();
    await page.getByRole('combobox', { name: 'Modell' }).waitFor();
  });

  it('reads the words of the engine after a German sentence, marked as English', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/flag');
    const why = page.getByRole('region', { name: 'Warum' });
    await why.getByText('flag ist gescheitert: Die Engine lehnt das Argument --ctx-siez ab.').waitFor();
    expect(await why.locator('q[lang="en"]').allTextContents()).toEqual(['invalid argument: --ctx-siez']);
    await why.getByRole('button', { name: '--ctx-size statt --ctx-siez nehmen, dann starten' }).waitFor();
  });

  it('reads why a start is refused in German, also in the list', async () => {
    stage.window.allow(/409/);
    const page = await stage.window.tab(stage.server.url, '/instances');
    const row = page.getByRole('row').filter({ hasText: 'gone' });
    await row.getByRole('button', { name: 'Starten' }).click();
    const message = page.getByRole('status').getByRole('listitem');
    await message.getByText('Die Modelldatei fehlt oder ist kein Modell.').waitFor();
    expect(await message.locator('q[lang="en"]').textContent()).toContain('does not exist');
    await row.getByText('Modell fehlt').waitFor();
    const flag = page.getByRole('row').filter({ hasText: 'flag' });
    await flag.getByText('Die Engine lehnt das Argument --ctx-siez ab.').waitFor();
  });

  it('reads why a run ended in German among the events', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/flag?tab=events');
    const failed = page.getByRole('row').filter({ hasText: 'gescheitert' }).last();
    await failed.getByText('Die Engine lehnt das Argument --ctx-siez ab.').waitFor();
    expect(await failed.locator('q[lang="en"]').textContent()).toContain('invalid argument: --ctx-siez');
  });

  it('reads the mistakes in the form of an instance in German, and takes the name that was meant', async () => {
    const page = await stage.window.tab(stage.server.url, '/new');
    await page.getByLabel('Name', { exact: true }).fill('flag');
    await page.getByText('Eine Instanz namens flag gibt es schon').first().waitFor();
    await page.getByText('fehlt: Wählen Sie ein Modell oder den Pfad seiner Datei').first().waitFor();
    await page.getByLabel('Eine andere Option, als key=value').fill('ctx_sise=512');
    await page.getByRole('button', { name: 'Hinzufügen', exact: true }).click();
    await page.getByText('ist keine Option dieser Engine; meinten Sie `ctx_size`?').first().waitFor();
    await page.getByRole('button', { name: 'ctx_size nehmen' }).click();
    await page.getByText('ist keine Option dieser Engine').first().waitFor({ state: 'detached' });
    await page.getByLabel('Eine andere Option, als key=value').fill('host=0.0.0.0');
    await page.getByRole('button', { name: 'Hinzufügen', exact: true }).click();
    const reserved = page.getByText('legt llamactl fest oder lässt es nicht zu.').first();
    await reserved.waitFor();
    expect(await reserved.locator('q[lang="en"]').count()).toBe(1);
    // The missing model is one problem, and no warning beside it.
    await page.getByText('Eine Warnung').waitFor({ state: 'detached' });
  });
});
