import { dottedPath } from '../../lib/problems.ts';
import type { newWords } from '../../words/new.ts';

/** The name of a setting in the form: `Further arguments, line 1` of `extra_args.0`. */
export function settingLabel(path: string, words: (typeof newWords)['en']): string {
  const [head = '', ...rest] = dottedPath(path).split('.');
  const inside = rest.join('.');
  if (head === 'options') return inside === '' ? words.sections.options : inside;
  const names: Readonly<Record<string, string>> = {
    ...words.behaviour,
    name: words.name,
    engine: words.engine,
    model: words.model,
    modelPath: words.path,
  };
  const label = names[head.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] ?? head;
  if (inside === '') return label;
  return /^\d+$/.test(inside) ? words.lineOf(label, Number(inside) + 1) : `${label}: ${inside}`;
}
