import { expect, test } from 'vitest';
import { placeOfDocs } from './docs-address.ts';

const PAGE = 'https://ai.example.com/llm/';

test.each([
  ['?docs', '#/api'],
  ['?docs#createInstance', '#/api?operation=createInstance'],
  ['?docs#getOpenApi', '#/api?operation=getOpenApi'],
  ['?docs#login', '#/api?operation=login'],
  ['?docs#schema-CreateInstance', '#/api?q=CreateInstance'],
  ['?docs#tag-instances', '#/api'],
  ['?docs#schemas', '#/api'],
  ['?docs#%E0%A4%A', '#/api'],
  ['?docs#/api?operation=login', '#/api?operation=login'],
  ['#/instances', null],
  ['#docs', null],
])('%s leads to %s', (address, place) => {
  expect(placeOfDocs(PAGE + address)).toBe(place);
});
