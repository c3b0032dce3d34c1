import { readFileSync } from 'node:fs';
import { pythonTwin } from '@llamactl/contract/python-twin';
import { describe, expect, it } from 'vitest';
import { pythonTwins } from './python-twins.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const twins = await pythonTwins();

describe('the blocking modules of the Python client', () => {
  it.each(twins)('$path is up to date (npm run generate)', ({ path, content }) => {
    expect(read(path)).toBe(content);
  });

  it('are the asyncio modules without async keywords', () => {
    const twin = pythonTwin(`import inspect  # async only
async def rows(client: AsyncClient) -> AsyncGenerator[dict[str, int], None]:
    async with aclosing(client.aiter_bytes()) as pieces:
        async for piece in pieces:
            yield await client.read(piece)
`);
    expect(twin).toBe(`# Generated from _async/ by \`npm run generate\`.
def rows(client: Client) -> Generator[dict[str, int], None, None]:
    with closing(client.iter_bytes()) as pieces:
        for piece in pieces:
            yield client.read(piece)
`);
  });
});
