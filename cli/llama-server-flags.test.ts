import { execFileSync } from 'node:child_process';
import { parseHelp } from '@llamactl/server/engines/flags';
import { describe, expect, it } from 'vitest';
import { testEngine } from '../scripts/test-assets.ts';
import { engineOptionOf, SHORT_FLAGS } from './llama-server-flags.ts';

describe('the short flags of llama-server', () => {
  const catalogue = parseHelp(
    execFileSync(testEngine(), ['--help'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );

  it.each([...SHORT_FLAGS])('-%s is the option %s', (flag, key) => {
    const entry = catalogue.find(key)?.entry;
    expect(entry?.spellings).toContain(`-${flag}`);
    expect(entry?.spellings).toContain(`--${key.replaceAll('_', '-')}`);
  });

  it('are found beside long ones and those of Ollama', () => {
    expect(['c', 'ctx-size', 'num-ctx', 'ctx', 'unknown', 'C'].map(engineOptionOf)).toEqual([
      'ctx_size',
      'ctx_size',
      'ctx_size',
      'ctx_size',
      null,
      null,
    ]);
  });
});
