import { path, type Client, type Instance } from '@llamactl/client';
import { documentOf, type SettingsDocument } from './settings-document.ts';

/** Settings as the server has them. */
export interface Stored {
  document: SettingsDocument;
  /** Their version. */
  etag: string | null;
}

/** Reads settings with their version. */
export async function storedSettings(client: Client, name: string, signal?: AbortSignal): Promise<Stored> {
  const { body, headers } = await client.request<Instance>('GET', path`/api/instances/${name}`, { signal });
  return { document: documentOf(body), etag: headers.get('etag') };
}
