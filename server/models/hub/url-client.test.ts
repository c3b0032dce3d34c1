import { describe, expect, it } from 'vitest';
import { parseReference, type UrlReference } from './model-reference.ts';
import { quantsOf } from './quant-choice.ts';
import type { RemoteAnswer, RemoteRequest } from './remote-requests.ts';
import { UrlClient } from './url-client.ts';

const { signal } = new AbortController();

function reference(text: string): UrlReference {
  const parsed = parseReference(text);
  if (parsed.source !== 'url') throw new Error(`${text} is no address`);
  return parsed;
}

/** A web server that answers each request in the same way. */
function web(answer: Partial<RemoteAnswer>): UrlClient & { asked: RemoteRequest[] } {
  const asked: RemoteRequest[] = [];
  const client = new UrlClient({
    send: async (_url, request) => {
      asked.push(request);
      return { status: 200, headers: {}, body: Buffer.alloc(0), ...answer };
    },
  });
  return Object.assign(client, { asked });
}

describe('a file of a web server', () => {
  it('has the size that the server sends, and the sha256 of the reference', async () => {
    const client = web({ headers: { 'content-length': '123', etag: '"1"' } });
    const sha256 = 'ab'.repeat(32);
    const listing = await client.list(reference(`https://m.example/x/tiny-Q8_0.gguf#sha256=${sha256}`), null, signal);
    expect(listing).toMatchObject({
      source: 'url',
      repo: expect.stringMatching(/^m\.example\/tiny-Q8_0-[0-9a-f]{8}$/) as string,
      revision: 'main',
    });
    expect(listing.files).toEqual([
      { path: 'tiny-Q8_0.gguf', size: 123, sha256, blob: sha256, url: 'https://m.example/x/tiny-Q8_0.gguf' },
    ]);
    expect(quantsOf(listing.files)).toMatchObject([{ tag: 'Q8_0' }]);
    expect(client.asked).toMatchObject([{ method: 'HEAD', redirects: 'public' }]);
  });

  it('without a sha256 is stored under a name that changes with it', async () => {
    const blob = async (etag: string): Promise<string | undefined> =>
      (
        await web({ headers: { 'content-length': '1', etag } }).list(
          reference('https://m.example/a.gguf'),
          null,
          signal,
        )
      ).files[0]?.blob;
    expect(await blob('"1"')).toMatch(/^[0-9a-f]{40}$/);
    expect(await blob('"1"')).toBe(await blob('"1"'));
    expect(await blob('"2"')).not.toBe(await blob('"1"'));
  });

  it.each([
    [{ status: 404 }, 'NOT_FOUND'],
    [{ status: 429 }, 'RATE_LIMITED'],
    [{ status: 403 }, 'HUB_ERROR'],
    [{ headers: {} }, 'HUB_ERROR'],
    [{ headers: { 'content-length': '9', 'content-type': 'text/html; charset=utf-8' } }, 'HUB_ERROR'],
  ])('with the answer %j is %s', async (answer, code) => {
    await expect(web(answer).list(reference('https://m.example/a.gguf'), null, signal)).rejects.toMatchObject({ code });
  });

  it('belongs to a repository of its own, whose name is one of the hub', async () => {
    const repo = async (url: string): Promise<string> =>
      (await web({ headers: { 'content-length': '1' } }).list(reference(url), null, signal)).repo;
    expect(await repo('https://m.example/a/m.gguf')).not.toBe(await repo('https://m.example/b/m.gguf'));
    for (const name of ['a--b', '--a', 'a-.-b...', `${'a'.repeat(86)}--b`, '%20', 'a..b', 'a..-b']) {
      const given = await repo(`https://m--x.example/${name}.gguf`);
      expect(parseReference(given)).toEqual({ source: 'hub', repo: given, quant: null });
    }
  });

  it('has no revision', async () => {
    await expect(web({}).list(reference('https://m.example/a.gguf'), 'v1', signal)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });
});
