import { readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import { isOn } from './hub-switches.ts';

interface TokenPlaces {
  /** `models.hf_token`; empty: not set. */
  configured: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Home of our user, absolute. */
  home: string;
}

/** A token that is safe in a header. */
const TOKEN = /^[\x21-\x7e]{1,1024}$/;

/**
 * The token for the hub: `models.hf_token`, `HF_TOKEN`, or the file that `hf auth login` writes (`HF_TOKEN_PATH`). With
 * `HF_HUB_DISABLE_IMPLICIT_TOKEN` only the first. Read for each call, because people log in while the server runs. `null`: none.
 */
export function hubToken({ configured, environment, home }: TokenPlaces): string | null {
  const given = (name: string): string | null => environment[name] || null;
  const cache = given('XDG_CACHE_HOME') ?? path.join(home, '.cache');
  const folder = given('HF_HOME') ?? path.join(cache, 'huggingface');
  const isExplicit = isOn(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN']);
  const implicit = (): string | null =>
    given('HF_TOKEN') ?? textOf(given('HF_TOKEN_PATH') ?? path.join(folder, 'token'));
  const token = (configured || (isExplicit ? '' : (implicit() ?? ''))).trim();
  return TOKEN.test(token) ? token : null;
}

/** `null`: no such file, or one that we may not read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
}
