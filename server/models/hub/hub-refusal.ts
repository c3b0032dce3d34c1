import { ApiError } from '@llamactl/contract/errors';
import { rateLimited, textOf } from './remote-refusal.ts';
import type { RemoteAnswer } from './remote-requests.ts';

/** The call that a hub refused. */
export interface RefusedCall {
  /** Base address of the hub. */
  endpoint: string;
  /** `null`: a search. */
  repo: string | null;
  revision: string | null;
  hasToken: boolean;
}

const SET_TOKEN = 'give the server a token, in HF_TOKEN or by `hf auth login` as its user';

/** The error for an answer of a Hugging Face hub that is no success. `X-Error-Code` says more than the status, where it is sent. */
export function hubRefusal(answer: RemoteAnswer, call: RefusedCall): ApiError {
  const { endpoint, repo, revision, hasToken } = call;
  const { host } = new URL(endpoint);
  const { status, headers } = answer;
  const code = textOf(headers['x-error-code']);
  const details = readable(textOf(headers['x-error-message']));
  const error = (kind: 'NOT_FOUND' | 'HUB_ERROR', sentence: string): ApiError =>
    new ApiError(kind, sentence, { details });

  if (status === 429) return rateLimited(answer, host);
  if (code === 'GatedRepo') {
    const page = `${endpoint}/${repo}`;
    const remedy = hasToken
      ? `accept them on ${page} with the account of the server's token; some authors answer by hand`
      : `accept them on ${page}, then ${SET_TOKEN}`;
    return error('HUB_ERROR', `${repo} is gated: its author sets conditions. To get it, ${remedy}.`);
  }
  if (code === 'RevisionNotFound') {
    return error('NOT_FOUND', `${repo} has no branch, tag or commit ${revision ?? 'main'} on ${host}.`);
  }
  if (code === 'EntryNotFound') return error('NOT_FOUND', `${repo} no longer has this file on ${host}.`);
  if (status === 401 && hasToken) return error('HUB_ERROR', `${host} refuses the server's token: set a valid one.`);
  if (repo !== null && (code === 'RepoNotFound' || status === 404 || status === 401)) {
    const remedy = hasToken ? "or the server's token may not read it" : `or it is private: then ${SET_TOKEN}`;
    return error('NOT_FOUND', `${host} has no repository ${repo}, ${remedy}.`);
  }
  if (status === 403) return error('HUB_ERROR', `${host} does not let this server read ${repo ?? 'its list'}.`);
  return error('HUB_ERROR', `${host} answered with status ${status}.`);
}

/** A text of a stranger: printable ASCII, and short. */
function readable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
