import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeAudit } from '../testing/fake-services.ts';
import { testServer, type TestServer } from '../testing/http-harness.ts';

let test: TestServer;

afterEach(async () => test.server.close());

async function serverWith(count: number): Promise<TestServer> {
  test = testServer();
  for (let index = 0; index < count; index += 1) await test.manager.create({ name: `instance-${index}` });
  return test;
}

const GZIP = { 'accept-encoding': 'gzip' };

describe('long JSON', () => {
  it('is compressed for callers that accept gzip, and plain for others', async () => {
    await serverWith(50);
    const plain = await test.inject({ url: '/api/instances' });
    const packed = await test.inject({ url: '/api/instances', headers: GZIP });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(packed.headers['content-length']).toBe(String(packed.rawPayload.length));
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 5);
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
    // A cache must not give the plain answer to all.
    expect(plain.headers).toMatchObject({ vary: 'Accept-Encoding' });
    expect(plain.headers['content-encoding']).toBe(undefined);
    const refused = await test.inject({ url: '/api/instances', headers: { 'accept-encoding': 'gzip;q=0, br' } });
    expect(refused.body).toBe(plain.body);
  });

  it('keeps the other header by which an answer varies', async () => {
    await serverWith(50);
    const headers = { ...GZIP, origin: 'http://localhost:8080' };
    const { vary } = (await test.inject({ url: '/api/instances', headers })).headers;
    expect(['Accept-Encoding', 'Origin, Accept-Encoding']).toContain(vary);
  });

  it('has the headers of the compressed answer for a HEAD', async () => {
    await serverWith(50);
    const packed = await test.inject({ url: '/api/instances', headers: GZIP });
    const head = await test.inject({ method: 'HEAD', url: '/api/instances', headers: GZIP });
    expect(head.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(packed.rawPayload.length),
    });
    expect(head.body).toBe('');
  });
});

describe('other answers', () => {
  it('with less than 4 KB stay plain', async () => {
    await serverWith(2);
    const { headers } = await test.inject({ url: '/api/instances', headers: GZIP });
    expect([headers['content-encoding'], headers['vary']]).toEqual([undefined, undefined]);
  });

  it('with an entity tag stay plain: an update sends the tag back', async () => {
    test = testServer();
    await test.manager.create({ name: 'a', options: { override_tensor: 'x'.repeat(8_000) } });
    const { headers } = await test.inject({ url: '/api/instances/a', headers: GZIP });
    expect(headers).toMatchObject({ etag: expect.stringMatching(/^"/) as string });
    expect(headers['content-encoding']).toBe(undefined);
  });

  it('as lines, as YAML or compressed already stay as they are', async () => {
    test = testServer({ audit: new FakeAudit() });
    const lines = await test.inject({ url: '/api/audit', headers: { ...GZIP, accept: 'application/x-ndjson' } });
    expect(lines.headers['content-encoding']).toBe(undefined);
    const document = await test.inject({ url: '/api/openapi.json', headers: GZIP });
    expect(document.headers).toMatchObject({ vary: 'Accept-Encoding, Origin' });
    expect(JSON.parse(gunzipSync(document.rawPayload).toString())).toMatchObject({ openapi: '3.1.1' });
  });
});
