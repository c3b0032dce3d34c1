import { expect, it } from 'vitest';
import { requestsWords } from './requests.ts';

/** Letters that the narrowest column of outcomes shows. */
const MOST = 22;

it.each(['en', 'de'] as const)('outcomes and phases are not cut in the list of requests: %s', (language) => {
  const { outcomes, phases } = requestsWords[language];
  const long = [...Object.values(outcomes), ...Object.values(phases)].filter((text) => text.length > MOST);
  expect(long).toEqual([]);
});
