import { type Config, ConfigSchema, EndpointSchema } from '@llamactl/contract/config';
import { MASK } from './patch.ts';
import { type Values, valueAt } from './record.ts';

type HubSettings = Pick<Config['models'], 'hf_endpoint' | 'hf_token'>;

/**
 * The settings of the hub in values that may be invalid elsewhere. An address that is invalid itself becomes empty: no server has
 * it, so a request that replaces it moves the hub.
 *
 * @param values File, variables and flags, without defaults.
 */
export function hubSettingsIn(values: Values): HubSettings {
  const usual = ConfigSchema.parse({}).models;
  const endpoint = EndpointSchema.safeParse(valueAt(values, ['models', 'hf_endpoint']) ?? usual.hf_endpoint);
  const token = valueAt(values, ['models', 'hf_token']);
  return { hf_endpoint: endpoint.data ?? '', hf_token: typeof token === 'string' ? token : usual.hf_token };
}

/**
 * Why a request may not send the token for the hub to another server, as the rest of a sentence after `models.hf_endpoint`;
 * `null`: it may. A token that is stored, or that the server's user has, belongs to the server for which it was set. So a request
 * that names another server gives the token for it too. Variables that move the hub do not matter here: a server that they name
 * gets no token of the configuration.
 *
 * @param patch The request; its token counts even if it is the stored one.
 */
export function misdirection(before: HubSettings, after: HubSettings, patch: Values): string | null {
  const token = valueAt(patch, ['models', 'hf_token']);
  if (typeof token === 'string' && token !== '' && token !== MASK) return null;
  const usual = ConfigSchema.parse({}).models.hf_endpoint;
  // The token of the server's user belongs to the usual hub; a stored one may be that of another.
  if (originOf(after.hf_endpoint) === originOf(usual) && after.hf_token === '') return null;
  if (originOf(before.hf_endpoint) !== originOf(after.hf_endpoint)) {
    return 'can be changed by a request only together with models.hf_token, because tokens belong to the server for which they were set';
  }
  if (before.hf_token === '' || after.hf_token !== '') return null;
  return 'would get the token of the user of the server without models.hf_token: change both, or edit the file';
}

/** `null`: the text is no address. */
function originOf(endpoint: string): string | null {
  return URL.parse(endpoint)?.origin ?? null;
}
