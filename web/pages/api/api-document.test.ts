import { describe, expect, it } from 'vitest';
import openApi from '../../../openapi.json' with { type: 'json' };
import { byTag, isSendable, operationsOf, type ApiDocument } from './api-document.ts';
import { foundOperations, searchedOperations } from './operation-search.ts';

const document = openApi as ApiDocument;
const operations = operationsOf(document);
const named = (id: string) => operations.find((operation) => operation.id === id);

describe('the operations of the document', () => {
  it('are all there, in the order of the tags', () => {
    const described = Object.values(document.paths).flatMap((item) => Object.keys(item));
    expect(operations.length).toBe(described.filter((key) => key !== 'parameters').length);
    expect(byTag(operations).map(([tag]) => tag)).toEqual(document.tags.map(({ name }) => name));
  });

  it('have the parameters of their path, and not those that all operations share', () => {
    expect(named('getInstanceStats')?.parameters.map(({ name, in: place }) => `${place} ${name}`)).toContain(
      'path name',
    );
    expect(operations.flatMap(({ parameters }) => parameters.map(({ name }) => name))).not.toContain('X-Request-Id');
  });

  it('have each error with its code and meaning', () => {
    expect(
      named('listInstances')
        ?.errors.filter(({ status }) => status === '401')
        .map(({ code }) => code),
    ).toEqual(['UNAUTHORIZED', 'TOKEN_EXPIRED']);
  });

  it('have the 503 of a probe as an answer, because its body is no error', () => {
    expect(named('getReadiness')?.answers.map(({ status }) => status)).toEqual(['200', '503']);
    const probes = operations.filter(({ answers }) => answers.some(({ status }) => Number(status) >= 400));
    expect(probes.map(({ id }) => id)).toEqual(['getReadiness', 'getHealth']);
  });

  it.each([
    ['getLiveness', 'none'],
    ['getMe', 'optional'],
    ['listInstances', 'key'],
    ['createBrowserToken', 'cookie'],
  ])('of %s needs as credentials: %s', (id, credentials) => {
    expect(named(id)?.credentials).toBe(credentials);
  });

  it.each([
    ['listInstances', true],
    ['getInstance', false],
    ['searchModels', false],
    ['createInstance', false],
  ])('%s can be sent by the page: %s', (id, isIt) => {
    const operation = named(id);
    expect(operation !== undefined && isSendable(operation)).toBe(isIt);
  });
});

describe('the search', () => {
  const searched = searchedOperations(operations, document.components.schemas);
  const ids = (query: string): string[] => foundOperations(searched, query).map(({ id }) => id);

  it('finds all words in any order, in summaries, paths and ids', () => {
    expect(ids('USER delete')).toContain('deleteUser');
    expect(ids('USER delete')).not.toContain('listUsers');
  });

  it('finds names of fields, also of nested schemas', () => {
    expect(ids('request_strip')).toEqual(expect.arrayContaining(['createInstance', 'getInstance', 'applyFleet']));
    expect(ids('request_strip')).not.toContain('listInstances');
  });

  it('finds everything without a word, and nothing for an unknown one', () => {
    expect(ids(' ')).toHaveLength(operations.length);
    expect(ids('no such thing')).toEqual([]);
  });
});
