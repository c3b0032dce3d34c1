import { keep, kept, oneOf } from './browser-storage.ts';
import { useStored, ValueStore } from './value-store.ts';

/** The languages of the page. */
export type Language = 'en' | 'de';

/** The sentences of one area in all languages. `de` has the type of `en`, so a missing sentence is a type error. */
export interface Catalogue<Words> {
  readonly en: Words;
  readonly de: Words;
}

/** The chosen language of this browser. Change it with {@link chooseLanguage}. */
export const language = new ValueStore<Language>('en');

/** Takes the language that was chosen here, else one of the browser's. */
export function startLanguage(): void {
  language.set(kept('language', oneOf('en', 'de')) ?? preferred(navigator.languages));
  document.documentElement.lang = language.get();
}

/** Picks the first language of the browser that the page has; English otherwise. */
export function preferred(languages: readonly string[]): Language {
  for (const tag of languages) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'en' || primary === 'de') return primary;
  }
  return 'en';
}

/** Shows the page in a language from now on. */
export function chooseLanguage(chosen: Language): void {
  language.set(chosen);
  keep('language', chosen);
  document.documentElement.lang = chosen;
}

/** Returns the sentences of an area in the reader's language. */
export function useWords<Words>(catalogue: Catalogue<Words>): Words {
  return catalogue[useStored(language)];
}

/** Like {@link useWords}, outside of components. The text does not follow a later change of the language. */
export function wordsNow<Words>(catalogue: Catalogue<Words>): Words {
  return catalogue[language.get()];
}
