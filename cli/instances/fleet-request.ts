import type { Applied, CreateInstance } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** Sends the text of a document to apply, or with `dry_run` for its plan. */
export async function applyText(
  { client, signal }: Session,
  text: string,
  query: { prune: boolean; dry_run: boolean },
): Promise<Applied> {
  // YAML 1.2 includes JSON, but the server's parse errors should be those of the intended format.
  const type = jsonOf(text) === undefined ? 'application/yaml' : 'application/json';
  const request = { text: { type, content: text }, query, isPatient: true, signal };
  return (await client.request<Applied>('POST', '/api/apply', request)).body;
}

/** The instances of a document that the server has accepted. */
export async function instancesOf(text: string): Promise<CreateInstance[]> {
  const { parse } = await import('yaml');
  return ((jsonOf(text) ?? parse(text)) as { instances: CreateInstance[] }).instances;
}

/** `undefined`: the text is YAML or neither; the server reports errors. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
