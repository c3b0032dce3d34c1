import type { alertWords } from '../words/alerts.ts';

type Words = (typeof alertWords)['en'];

/** The title of an alert; its code, if a newer server raised one that this page does not know. */
export function alertTitle(code: string, { titles }: Pick<Words, 'titles'>): string {
  return Object.entries(titles).find(([known]) => known === code)?.[1] ?? code;
}
