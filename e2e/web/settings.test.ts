import { describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The configuration and the fleet file in a real browser. */

const stage = pageStage('memory: { devices: {} }\n');

describe.skipIf(HAS_NO_BROWSER)('the page of settings', () => {
  it('shows where a value comes from, saves a change, and reloads', async () => {
    // A reload closes the WebSocket of the page, which then opens another.
    stage.window.allow(/WebSocket/);
    const page = await stage.window.tab(stage.server.url, '/settings');
    const field = page.getByRole('textbox', { name: 'instances.idle_timeout' });
    await field.waitFor();
    await page.getByText('flag --port').waitFor();
    // Parts of a description in backticks are code.
    expect(await page.getByRole('tabpanel').getByText('`').count()).toBe(0);
    expect(await page.getByLabel('server.port').isDisabled()).toBe(true);
    const host = page.getByLabel('server.host');
    expect(await host.isDisabled()).toBe(true);
    await page.getByText('Cannot be changed here').first().click();
    await page.getByText('server.host cannot be changed by a request while accounts').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('idle_timeout');
    await page.getByLabel('server.port').waitFor({ state: 'detached' });
    await page.getByRole('tabpanel').getByText('default', { exact: true }).waitFor();

    await field.fill('soon');
    await page.getByText('Must be seconds, or a time such as 15m.').waitFor();
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await field.fill('30m');
    await page.getByRole('button', { name: 'Show changes' }).click();
    await page.getByRole('dialog').getByText('30m').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/^file, line \d+$/).waitFor();
    await page.getByText('waits for a reload', { exact: true }).waitFor();
    expect(await barriersOf(page)).toEqual([]);

    await field.fill('1900');
    await page.getByRole('button', { name: 'Save and reload' }).click();
    await page.getByText('waits for a reload', { exact: true }).waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe('1900');
  });

  it('asks before changes are lost', async () => {
    const page = await stage.window.tab(stage.server.url, '/settings?q=idle_timeout');
    await page.getByRole('textbox', { name: 'instances.idle_timeout' }).fill('7');
    await page.getByRole('link', { name: 'Models' }).first().click();
    const question = page.getByRole('dialog', { name: 'Leave without saving?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByRole('textbox', { name: 'instances.idle_timeout' }).inputValue()).toBe('7');
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('link', { name: 'Models' }).first().click();
    await page.waitForURL(/#\/models/);
  });

  it('marks a mistake in a value of JSON at its line, and saves a right one', async () => {
    stage.window.allow(/ 400 |status of 400|WebSocket/);
    const page = await stage.window.tab(stage.server.url, '/settings?q=presets');
    const editor = page.getByRole('textbox', { name: 'presets' });
    await page.locator('.cm-line').first().waitFor();
    await editor.fill('{\n  "short": { "request_defaults": { "temperature": 0.2 }\n');
    await page.getByText(/^Line 3: /).waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await editor.fill('{\n  "short": {\n    "temperature": 0.2\n  }\n}');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/^Line 3: short.temperature: /).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await editor.fill('{ "short": { "request_defaults": { "temperature": 0.2 } } }');
    await page.getByRole('button', { name: 'Save and reload' }).click();
    await page.getByRole('textbox', { name: 'presets.short.request_defaults.temperature' }).waitFor();
  });

  it('keeps the focus while a value of JSON is typed after its reset, and saves the default', async () => {
    const page = await stage.window.tab(stage.server.url, '/settings?q=memory.devices');
    const editor = page.getByRole('textbox', { name: 'memory.devices', exact: true });
    const reset = page.getByRole('button', { name: 'Set memory.devices to its default' });
    const placeholder = page.locator('.cm-placeholder', { hasText: 'Default' });
    await page.locator('.cm-line').first().waitFor();
    await reset.click();
    await placeholder.waitFor();
    await editor.click();
    await page.keyboard.type('{"a":');
    await expect.poll(() => editor.textContent()).toBe('{"a":');
    expect(await page.evaluate('document.activeElement.shadowRoot?.activeElement?.ariaLabel')).toBe('memory.devices');
    await page.getByText(/^Line 1: /).waitFor();

    await reset.click();
    await placeholder.waitFor();
    const saved = page.waitForRequest((request) => request.method() === 'PUT');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    expect((await saved).postDataJSON()).toEqual({ memory: { devices: null } });
    await placeholder.waitFor({ state: 'detached' });
  });

  it('adds a group with its limits, and removes it when no instance uses it', async () => {
    const page = await stage.window.tab(stage.server.url, '/settings?q=groups');
    await page.getByText('No group yet.').waitFor();
    await page.getByRole('button', { name: 'Add a group' }).click();
    const form = page.getByRole('dialog', { name: 'Add a group' });
    const add = form.getByRole('button', { name: 'Add', exact: true });
    await form.getByLabel('Name').fill('big.one');
    await form.getByText('Must have no dot.').waitFor();
    expect(await add.isDisabled()).toBe(true);
    await form.getByLabel('Name').fill('big');
    await form.getByLabel('max_running').fill('-1');
    await form.getByText('Must be at least 0.').waitFor();
    await form.getByLabel('max_running').fill('1');
    await form.getByText('While one of the group runs, no others do, except pinned ones.').waitFor();
    await form.getByLabel('exclusive').check();
    expect(await barriersOf(page)).toEqual([]);
    await add.click();
    const group = page.getByRole('region', { name: 'Group big' });
    expect(await group.getByLabel('max_running').inputValue()).toBe('1');
    const saved = page.waitForRequest((request) => request.method() === 'PUT');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    expect((await saved).postDataJSON()).toEqual({ groups: { big: { max_running: 1, exclusive: true } } });
    await group
      .getByText(/^file, line \d+$/)
      .first()
      .waitFor();
    await group.getByText('Instances of the group are never stopped for others').waitFor();
    expect(await barriersOf(page)).toEqual([]);

    const remove = group.getByRole('button', { name: 'Remove the group big' });
    await remove.waitFor();
    await stage.server.call('POST', '/api/instances', { name: 'member', model_path: await testModel(), group: 'big' });
    await group.getByRole('link', { name: 'member' }).waitFor();
    expect(await remove.count()).toBe(0);
    await stage.server.call('DELETE', '/api/instances/member');
    await remove.click();
    await group.getByRole('button', { name: 'Keep it' }).click();
    await remove.click();
    expect(await barriersOf(page)).toEqual([]);
    const removed = page.waitForRequest((request) => request.method() === 'PUT');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    expect((await removed).postDataJSON()).toEqual({ groups: { big: null } });
    await page.getByText('No group yet.').waitFor();
  });

  it('applies a fleet file after its steps are shown', async () => {
    stage.window.allow(/ 400 |status of 400/);
    const page = await stage.window.tab(stage.server.url, '/settings?tab=fleet');
    const file = { instances: [{ name: 'chat', model_path: await testModel() }] };
    const editor = page.getByRole('textbox', { name: 'Fleet file, YAML or JSON' });
    await page.locator('.cm-line').first().waitFor();
    await editor.fill('instances:\n  - name: chat\n    prot: 8100\n');
    await page.getByRole('button', { name: 'Show the steps' }).click();
    await page.getByText('Line 3: instances[0].prot: is not known; did you mean port?').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    // A file as long as the editor leaves no room below it.
    await editor.fill(`${JSON.stringify(file)}${'\n'.repeat(24)}`);
    // A click would scroll to the button first.
    await page.getByRole('button', { name: 'Show the steps' }).dispatchEvent('click');
    const created = page.getByRole('row', { name: /chat.*create/ });
    await created.waitFor();
    const inView = async (): Promise<boolean> => {
      const box = await created.boundingBox();
      return box !== null && box.y + box.height <= (page.viewportSize()?.height ?? 0);
    };
    await expect.poll(inView).toBe(true);
    expect((await stage.server.call('GET', '/api/instances/chat')).status).toBe(404);
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Apply 1 step' }).click();
    await page.getByText('The file is applied.').waitFor();
    await page.getByRole('row', { name: /chat.*created/ }).waitFor();
    expect((await stage.server.call('GET', '/api/instances/chat')).status).toBe(200);

    const pruned = { instances: [{ name: 'other', model_path: await testModel() }] };
    await stage.server.call('POST', '/api/instances', { ...pruned.instances[0], options: { ctx_size: 256 } });
    await editor.fill(JSON.stringify({ instances: [{ ...pruned.instances[0], options: { ctx_size: 512 } }] }));
    await page.getByRole('checkbox', { name: 'Remove instances that the file does not name' }).check();
    await page.getByRole('button', { name: 'Show the steps' }).click();
    await page.getByRole('row', { name: /other.*options\.ctx_size 256 → 512/ }).waitFor();
    const [step, button] = [
      page.getByRole('row', { name: /chat.*remove/ }),
      page.getByRole('button', { name: 'Apply 2' }),
    ];
    expect((await step.boundingBox())?.y).toBeLessThan((await button.boundingBox())?.y ?? 0);
    await button.click();
    const question = page.getByRole('dialog', { name: 'Remove 1 instance?' });
    await question.getByText('chat', { exact: true }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await question.getByRole('button', { name: 'Apply 2 steps' }).click();
    await page.getByRole('row', { name: /chat.*removed/ }).waitFor();
    expect((await stage.server.call('GET', '/api/instances/chat')).status).toBe(404);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s, on a desk and on a phone',
    async (colorScheme) => {
      for (const size of [{}, { viewport: PHONE }]) {
        const own = await Window.open(stage.browser, stage.server.url, { colorScheme, ...size });
        const page = await own.tab(stage.server.url, '/settings');
        await page.getByLabel('server.host').waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(own.complaints).toEqual([]);
        await own.close();
      }
    },
  );
});
