import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { barriersOf, HAS_NO_BROWSER } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The form of instances with a program of their own, which only an owner of the machine may allow. */

const stage = pageStage('security: { allow_privileged: true }\n');

async function settingsOf(name: string): Promise<Record<string, unknown>> {
  return (await stage.server.call('GET', `/api/instances/${name}`)).body;
}

/** Whether a field has the focus. */
function isFocused(field: Locator): Promise<boolean> {
  return field.evaluate((element: { matches(selector: string): boolean }) => element.matches(':focus'));
}

describe.skipIf(HAS_NO_BROWSER)('an instance with its own command', () => {
  it('gets another one in the field to which the remedy of a failed start leads', async () => {
    const body = { name: 'broken', engine: 'custom', command: ['sh', '-c', 'exit 3'] };
    expect((await stage.server.call('POST', '/api/instances', body)).status).toBe(201);
    await stage.server.call('POST', '/api/instances/broken/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/broken');
    await page.getByRole('button', { name: 'Correct the command of the engine' }).click();
    await page.waitForURL(/edit\?field=command$/);
    const command = page.getByLabel('Command of the engine');
    await expect.poll(() => isFocused(command)).toBe(true);
    expect(await command.inputValue()).toBe("sh -c 'exit 3'");
    expect(await page.getByLabel('Keep the context').count()).toBe(0);

    const save = page.getByRole('button', { name: 'Save', exact: true });
    // An open quote makes the form of the whole wrong.
    stage.window.allow(/ 400 |status of 400/);
    await command.fill('sh -c "exit 4');
    await page.getByText('A quote is not closed.').waitFor();
    await expect.poll(() => save.isDisabled()).toBe(true);
    await command.fill('sh -c "exit 4" ${PORT}');
    await page.getByLabel('Health path').fill('/ready');
    await page.getByLabel('Restarts in a row').fill('2');
    expect(await barriersOf(page)).toEqual([]);
    await expect.poll(() => save.isEnabled()).toBe(true);
    await save.click();
    await page.waitForURL(/#\/instances\/broken$/);
    expect(await settingsOf('broken')).toMatchObject({
      command: ['sh', '-c', 'exit 4', '${PORT}'],
      health_path: '/ready',
      max_restarts: 2,
    });
  });

  it('leads to the variable that its program asks for', async () => {
    const command = ['sh', '-c', 'echo "FATAL: VOICE_DIR is not set" >&2; exit 3'];
    const body = { name: 'mute', engine: 'custom', command };
    expect((await stage.server.call('POST', '/api/instances', body)).status).toBe(201);
    await stage.server.call('POST', '/api/instances/mute/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/mute');
    await page.getByRole('button', { name: 'Set the variable VOICE_DIR' }).click();
    await page.waitForURL(/edit\?field=environment\.VOICE_DIR$/);
    await page.getByText('VOICE_DIR').first().waitFor();
  });

  it('has fields that an instance of llama-server has not', async () => {
    const page = await stage.window.tab(stage.server.url, '/new');
    await page.getByLabel('Keep the context').waitFor();
    expect(await page.getByLabel('Command of the engine').count()).toBe(0);
    expect(await page.getByLabel('Health path').count()).toBe(0);
    await page.getByLabel('Engine', { exact: true }).selectOption('custom');
    await page.getByLabel('Command of the engine').waitFor();
    await page.getByLabel('Health path').waitFor();
    await page.getByLabel('Keep the context').waitFor({ state: 'detached' });
  });
});
