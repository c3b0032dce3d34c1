import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../server/contexts.ts';
import { checkContexts } from './shell-checks.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-doctor-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the contexts file', () => {
  it('is fine as created, and an error when others can read it', () => {
    const file = path.join(home, 'llamactl', 'contexts.json');
    expect(checkContexts(file)).toMatchObject({ level: 'ok', message: 'none' });
    new Contexts(file).set('box', { url: 'http://box:8080', token: 'secret' });
    expect(checkContexts(file)).toMatchObject({ level: 'ok' });
    chmodSync(file, 0o644);
    expect(checkContexts(file)).toMatchObject({ level: 'error', remedies: [{ label: `chmod 600 ${file}` }] });
    chmodSync(file, 0o600);
    chmodSync(path.dirname(file), 0o777);
    expect(checkContexts(file)).toMatchObject({
      level: 'error',
      remedies: [{ label: expect.stringContaining('chmod go-w') as unknown }],
    });
  });
});
