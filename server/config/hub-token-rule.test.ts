import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSandbox } from '../testing/config-sandbox.ts';
import { misdirection } from './hub-token-rule.ts';

const USUAL = 'https://huggingface.co';
const OTHER = 'https://mirror.example';

describe('a change of the hub by a request', () => {
  it.each<[string, [string, string], [string, string], Record<string, string>, boolean]>([
    ['moves to another hub', [USUAL, ''], [OTHER, ''], { hf_endpoint: OTHER }, false],
    ['moves with the stored token', [USUAL, 'hf_a'], [OTHER, 'hf_a'], { hf_endpoint: OTHER }, false],
    ['moves with a masked token', [USUAL, 'hf_a'], [OTHER, 'hf_a'], { hf_endpoint: OTHER, hf_token: '***' }, false],
    ['moves with an empty token', [USUAL, 'hf_a'], [OTHER, ''], { hf_endpoint: OTHER, hf_token: '' }, false],
    ['moves with its own token', [USUAL, 'hf_a'], [OTHER, 'hf_b'], { hf_endpoint: OTHER, hf_token: 'hf_b' }, true],
    ['moves back with the token of the other', [OTHER, 'hf_b'], [USUAL, 'hf_b'], { hf_endpoint: USUAL }, false],
    ['moves back without a token', [OTHER, 'hf_b'], [USUAL, ''], { hf_endpoint: USUAL, hf_token: '' }, true],
    ['uncovers the token of the user', [OTHER, 'hf_b'], [OTHER, ''], { hf_token: '' }, false],
    ['removes the token of the usual hub', [USUAL, 'hf_a'], [USUAL, ''], { hf_token: '' }, true],
    ['changes only the path', [OTHER, 'hf_b'], [`${OTHER}/hf`, 'hf_b'], { hf_endpoint: `${OTHER}/hf` }, true],
    ['changes another key', [OTHER, ''], [OTHER, ''], {}, true],
  ])('%s', (_what, [before, had], [after, has], models, isAllowed) => {
    const reason = misdirection(
      { hf_endpoint: before, hf_token: had },
      { hf_endpoint: after, hf_token: has },
      { models },
    );
    expect(reason === null).toBe(isAllowed);
  });
});

describe('the configuration editor', () => {
  let sandbox: ConfigSandbox;

  beforeEach(() => {
    sandbox = new ConfigSandbox();
  });

  afterEach(() => sandbox.dispose());

  it('refuses it, and writes nothing', async () => {
    const path = sandbox.inHome('auth: { enabled: true }\n');
    const editor = sandbox.editor();
    await expect(editor.update({ models: { hf_endpoint: OTHER } })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('models.hf_endpoint can be changed by a request only together with') as string,
    });
    expect(readFileSync(path, 'utf8')).toBe('auth: { enabled: true }\n');
    const { changed } = await editor.update({ models: { hf_endpoint: OTHER, hf_token: 'hf_mirror' } });
    expect(changed).toEqual(['models.hf_endpoint', 'models.hf_token']);
  });

  it.each([
    ['another key', `models: { hf_token: hf_stored }\nstats: { interval: fast }\n`],
    ['the address itself', `models: { hf_token: hf_stored, hf_endpoint: nowhere }\nstats: { interval: 1 }\n`],
  ])('refuses it also when the request repairs %s of the file', async (_what, broken) => {
    sandbox.inHome('auth: { enabled: true }\n');
    const editor = sandbox.editor();
    const path = sandbox.inHome(`auth: { enabled: true }\n${broken}`);
    const repair = { stats: { interval: 2 } };
    await expect(editor.update({ ...repair, models: { hf_endpoint: OTHER } })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(readFileSync(path, 'utf8')).toContain(broken);
    const given = { hf_endpoint: OTHER, hf_token: 'hf_mirror' };
    expect((await editor.update({ ...repair, models: given })).changed).toContain('models.hf_endpoint');
  });

  it('allows a request that repairs a file which names another hub', async () => {
    sandbox.inHome('auth: { enabled: true }\n');
    const editor = sandbox.editor();
    sandbox.inHome(`auth: { enabled: true }\nmodels: { hf_endpoint: '${OTHER}' }\nstats: { interval: fast }\n`);
    expect((await editor.update({ stats: { interval: 2 } })).changed).toEqual(['stats.interval']);
  });
});
