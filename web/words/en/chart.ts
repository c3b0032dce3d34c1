/** Sentences of charts. */
export const en = {
  none: 'Nothing was measured in this time.',
  summary: (name: string, now: string, highest: string, lowest: string) =>
    `${name}: now ${now}, highest ${highest}, lowest ${lowest}`,
  past: (name: string, highest: string, lowest: string) => `${name}: highest ${highest}, lowest ${lowest}`,
  asTable: 'as a table',
  time: 'Time',
  highest: (value: string) => `highest ${value}`,
  keys: 'Left and right move the cursor.',
};
