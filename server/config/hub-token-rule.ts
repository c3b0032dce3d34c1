import { type Config, ConfigSchema } from '@llamactl/contract/config';
import { MASK } from './patch.ts';
import { type Values, valueAt } from './record.ts';

type HubSettings = Pick<Config['models'], 'hf_endpoint' | 'hf_token'>;

/**
 * Why a request may not send the token for the hub to another server, as the rest of a sentence after `models.hf_endpoint`;
 * `null`: it may. A token that is stored, or that the server's user has, belongs to the server for which it was set. So a request
 * that names another server gives the token for it too.
 *
 * @param patch The request; its token counts even if it is the stored one.
 */
export function misdirection(before: HubSettings, after: HubSettings, patch: Values): string | null {
  const token = valueAt(patch, ['models', 'hf_token']);
  const givesToken = typeof token === 'string' && token !== '' && token !== MASK;
  const usual = ConfigSchema.parse({}).models.hf_endpoint;
  const isMoved = originOf(before.hf_endpoint) !== originOf(after.hf_endpoint);
  const isUncovered = before.hf_token !== '' && after.hf_token === '';
  const isUsual = originOf(after.hf_endpoint) === originOf(usual);
  // The token of the server's user belongs to the usual hub; a stored one may be that of another.
  if (givesToken || (!isMoved && !isUncovered) || (isUsual && after.hf_token === '')) return null;
  return isMoved
    ? 'can be changed by a request only together with models.hf_token, because tokens belong to the server for which they were set'
    : 'would get the token of the user of the server without models.hf_token: change both, or edit the file';
}

function originOf(endpoint: string): string {
  return new URL(endpoint).origin;
}
