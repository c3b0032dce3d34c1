import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OLLAMA_VARIABLES, ollamaVariables } from './ollama-variables.ts';

describe('the variables of Ollama', () => {
  it('are those of the page for people who come from Ollama', () => {
    const page = readFileSync(new URL('../docs/how-to/from-ollama.md', import.meta.url), 'utf8');
    const onPage = [...page.matchAll(/^\| `(OLLAMA_\w+)` /gm)].map(([, name]) => name);
    expect(new Set([...Object.keys(OLLAMA_VARIABLES), 'OLLAMA_MODELS'])).toEqual(new Set(onPage));
  });

  it('are named in one line if they are set', () => {
    const environment = { OLLAMA_HOST: '0.0.0.0', OLLAMA_MODELS: '/models', OLLAMA_KEEP_ALIVE: '', HOME: '/home/me' };
    expect(ollamaVariables(environment)).toBe('OLLAMA_HOST; here: server.host, server.port; LLAMACTL_URL for commands');
    expect(ollamaVariables({ ...environment, OLLAMA_KEEP_ALIVE: '5m' })).toBe(
      'OLLAMA_HOST, OLLAMA_KEEP_ALIVE; docs/how-to/from-ollama.md lists the settings that do the same',
    );
    expect(ollamaVariables({})).toBeNull();
  });
});
