import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConfigView } from '@llamactl/contract/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_FILE, ConfigSandbox, refusalOf } from '../testing/config-sandbox.ts';
import { fileReplacer } from './replace-file.ts';

let sandbox: ConfigSandbox;

beforeEach(() => {
  sandbox = new ConfigSandbox();
});
afterEach(() => {
  sandbox.dispose();
});

const read = (path: string): string => readFileSync(path, 'utf8');

describe('concurrent edits', () => {
  it('apply parallel updates one after the other, and lose none', async () => {
    const path = sandbox.inHome('# x\n');
    const editor = sandbox.editor();
    const updates = Array.from({ length: 8 }, (_, index) =>
      editor.update({ groups: { [`g${index}`]: { max_running: index } } }),
    );
    updates.push(editor.update({ server: { base_path: '/x' } }));
    await Promise.all(updates);
    const { config } = sandbox.load();
    expect(Object.keys(config.groups)).toHaveLength(8);
    expect(config.server.base_path).toBe('/x');
    expect(read(path).startsWith('# x\ngroups:\n')).toBe(true);
  });

  it('continue after a refused update', async () => {
    sandbox.inHome(CONFIG_FILE);
    const editor = sandbox.editor();
    const [refused, done] = await Promise.allSettled([
      editor.update({ x: 1 }),
      editor.update({ stats: { interval: 1 } }),
    ]);
    expect([refused.status, done.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('keep an edit by hand during an update, and apply the update on top', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const byHand = ['# by hand\n', '# twice\n'];
    const replaceFile = fileReplacer(async (file, text) => {
      const line = byHand.shift();
      if (line !== undefined) writeFileSync(path, read(path) + line);
      await file.writeFile(text);
    });
    const editor = sandbox.editor({}, replaceFile);
    expect(await editor.update({ server: { port: 9001 } })).toMatchObject({ changed: ['server.port'] });
    expect(read(path)).toBe(`${CONFIG_FILE.replace('9000', '9001')}# by hand\n# twice\n`);
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });

  it('keep an edit by hand that makes the update invalid, and refuse the update', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    const replaceFile = fileReplacer(async (file, text) => {
      writeFileSync(path, 'server: { hots: x }\n');
      await file.writeFile(text);
    });
    const editor = sandbox.editor({}, replaceFile);
    expect(await refusalOf(editor, { server: { port: 9001 } })).toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(read(path)).toBe('server: { hots: x }\n');
  });

  it('give up when another program keeps writing', async () => {
    const path = sandbox.inHome(CONFIG_FILE);
    let count = 0;
    const replaceFile = fileReplacer(async (file, text) => {
      writeFileSync(path, `${CONFIG_FILE}# ${(count += 1)}\n`);
      await file.writeFile(text);
    });
    const editor = sandbox.editor({}, replaceFile);
    expect(await refusalOf(editor, { server: { port: 9001 } })).toMatchObject({ code: 'CONFIG_READ_ONLY' });
    expect(read(path)).toBe(`${CONFIG_FILE}# ${count}\n`);
  });

  it('do not overwrite a file that appears meanwhile', async () => {
    const path = join(sandbox.home, '.config/llamactl/config.yaml');
    const replaceFile = fileReplacer(async (file, text) => {
      if (!existsSync(path)) writeFileSync(path, CONFIG_FILE);
      await file.writeFile(text);
    });
    const editor = sandbox.editor({}, replaceFile);
    await editor.update({ stats: { interval: 1 } });
    expect(read(path)).toBe(`${CONFIG_FILE}stats:\n  interval: 1\n`);
  });
});

it('a view never shows half of a change', async () => {
  sandbox.inHome(CONFIG_FILE);
  const editor = sandbox.editor();
  const views: Promise<ConfigView>[] = [];
  const replaceFile = fileReplacer(async (file, text) => {
    await file.writeFile(text.slice(0, 20));
    views.push(editor.view());
    await file.truncate();
    await file.write(text, 0);
  });
  await sandbox.editor({}, replaceFile).update({ server: { port: 9001 } });
  expect((await Promise.all(views)).map((view) => [view.config.server.port, view.problem])).toEqual([
    [9000, undefined],
  ]);
});
