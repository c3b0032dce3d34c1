import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Compresses the text of a kept file, in a thread. */
export function packText(text: string): Promise<Buffer> {
  return compress(text);
}

/** `null`: the bytes are damaged, or no such text. */
export async function unpackText(bytes: Buffer): Promise<string | null> {
  try {
    return (await expand(bytes)).toString();
  } catch {
    // Whatever is wrong with them: what was kept counts as missing.
    return null;
  }
}
