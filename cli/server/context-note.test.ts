import { describe, expect, it } from 'vitest';
import type { Surrounds } from './address-remedies.ts';
import { contextNote } from './context-note.ts';

const place = (address: Partial<Surrounds['address']>, local: string | null = null): Surrounds => ({
  address: {
    url: 'https://gpu.example',
    token: null,
    context: 'gpu',
    source: 'the context gpu',
    dataDirectory: null,
    ...address,
  },
  local,
  ownDirectory: '/data',
  isInUse: false,
  isTokenOfVariable: false,
});

describe('the note about the current context', () => {
  it('names a server on another machine', () => {
    expect(contextNote(place({}))).toBe('on gpu (https://gpu.example)');
  });

  it('names another server on this machine than the usual one', () => {
    const url = 'http://127.0.0.1:9000';
    expect(contextNote(place({ url }, 'http://127.0.0.1:8080'))).toBe(`on gpu (${url})`);
    expect(contextNote(place({ url }, 'http://localhost:9000'))).toBeNull();
    expect(contextNote(place({ url }))).toBeNull();
  });

  it.each([['--context'], ['LLAMACTL_CONTEXT'], ['--url']])('is not needed if %s chose the server', (source) => {
    expect(contextNote(place({ source }))).toBeNull();
  });
});
