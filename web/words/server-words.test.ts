import { ERROR_CODES } from '@llamactl/contract/errors';
import { phrase, PHRASES, type PhraseKind } from '@llamactl/contract/phrases';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { language } from '../lib/language.ts';
import { CAUSES } from './de/causes.ts';
import { ERRORS } from './de/errors.ts';
import { PHRASES as TEXTS } from './de/phrases.ts';
import { serverWords } from './de/server.ts';

beforeEach(() => language.set('de'));
afterEach(() => language.set('en'));

const text = (...given: Parameters<typeof phrase>): string | undefined => serverWords.phrase(phrase(...given))?.text;
const kinds = Object.keys(PHRASES) as PhraseKind[];

describe('the German sentences of the server', () => {
  it('are there for every kind of phrase, every cause and every error', () => {
    expect(Object.keys(TEXTS).toSorted()).toEqual(kinds.toSorted());
    expect(kinds).toEqual(expect.arrayContaining(Object.keys(CAUSES)));
    expect(Object.keys(ERRORS).toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  it('name only data that the server sends with their kind', () => {
    const foreign = kinds.flatMap((kind) => {
      const known: readonly string[] = PHRASES[kind];
      const named = [TEXTS[kind]]
        .flat()
        .flatMap((each) => [...each.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
      return named.filter((name) => !known.includes(name)).map((name) => `${kind}: ${name}`);
    });
    expect(foreign).toEqual([]);
  });

  it('take the first text whose data are there', () => {
    expect(text('port_in_use', { port: 8_100, holder: 'nginx (pid 7)' })).toBe('Den Port 8100 belegt nginx (pid 7).');
    expect(text('port_in_use', { port: 8_100 })).toBe('Ein anderes Programm belegt den Port 8100.');
    expect(text('port_in_use')).toBe('Ein anderes Programm belegt den Port.');
  });

  it('write figures as the language does', () => {
    const need = { device: 'nvidia:0', need_bytes: 5.5 * 2 ** 30, most_bytes: 5.25 * 2 ** 30 };
    expect(text('does_not_fit', need)).toBe(
      'Sie braucht 5,50 GiB von GPU nvidia:0 und kann höchstens 5,25 GiB bekommen.',
    );
    expect(text('does_not_fit', { device: 'ram', need_bytes: 1_116.16 * 2 ** 30, most_bytes: 2 ** 29 })).toBe(
      'Sie braucht 1,09 TiB von Arbeitsspeicher und kann höchstens 512 MiB bekommen.',
    );
    expect(text('context', { tokens: 4_096 })).toBe('Einen Kontext von 4.096 Tokens nehmen');
    expect(text('start_without_companion', { companion: 'projector' })).toBe('Ohne den Projektor starten');
  });

  it('are whole only if they name all that the server names', () => {
    expect(serverWords.phrase(phrase('model_missing', { file: '/m/x' }))?.isWhole).toBe(true);
    expect(serverWords.phrase(phrase('model_missing'))?.isWhole).toBe(false);
    expect(serverWords.phrase(phrase('crash'))?.isWhole).toBe(false);
  });

  it('are none for what a newer server says, so that its own words are shown', () => {
    expect(serverWords.phrase({ kind: 'of_tomorrow' as PhraseKind })).toBeNull();
    expect(serverWords.error({ code: 'OF_TOMORROW' })).toBeNull();
    expect(serverWords.alert({ code: 'of_tomorrow', level: 'error' })).toBeNull();
  });

  it('say when a limited request may be repeated', () => {
    expect(serverWords.error({ code: 'RATE_LIMITED', retryAfter: 12 })).toEqual({
      text: 'Das waren zu viele Anfragen in kurzer Zeit. In 12s geht es weiter.',
      isWhole: true,
    });
  });

  it('have the cause of an alert after it, unless the alert says it', () => {
    const about = { level: 'error', instance: 'qwen' } as const;
    expect(serverWords.alert({ ...about, code: 'instance_failed', cause: 'crash' })?.text).toBe(
      'qwen ist gescheitert. Die Engine ist abgestürzt.',
    );
    expect(serverWords.alert({ ...about, code: 'port_clash', cause: 'port_in_use' })?.text).toBe(
      'Ein anderes Programm belegt den Port von qwen.',
    );
  });
});
