import type { en } from '../en/chart.ts';

/** Sätze der Diagramme. */
export const de = {
  none: 'In dieser Zeit wurde nichts gemessen.',
  summary: (name, now, highest, lowest) => `${name}: jetzt ${now}, Höchstwert ${highest}, Tiefstwert ${lowest}`,
  past: (name, highest, lowest) => `${name}: Höchstwert ${highest}, Tiefstwert ${lowest}`,
  asTable: 'als Tabelle',
  time: 'Zeit',
  highest: (value) => `Höchstwert ${value}`,
  keys: 'Links und rechts bewegen den Zeiger.',
} satisfies typeof en;
