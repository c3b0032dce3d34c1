import type { en } from '../en/chart.ts';

/** Sätze der Diagramme. */
export const de = {
  none: 'In dieser Zeit wurde nichts gemessen.',
  summary: (name, now, highest, lowest) => `${name}: jetzt ${now}, höchstens ${highest}, mindestens ${lowest}`,
  past: (name, highest, lowest) => `${name}: höchstens ${highest}, mindestens ${lowest}`,
  asTable: 'als Tabelle',
  time: 'Zeit',
  highest: (value) => `höchstens ${value}`,
  keys: 'Links und rechts bewegen den Zeiger.',
} satisfies typeof en;
