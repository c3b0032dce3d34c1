import { ApiError } from '@llamactl/contract/errors';
import type { ModelSource, RemoteModel } from '../downloads/model-source.ts';
import { type FoundRepo, HubClient } from './hub-client.ts';
import { type ModelReference, parseReference, referenceText } from './model-reference.ts';
import { ModelScopeClient } from './modelscope-client.ts';
import { chooseQuant, type RemoteQuant, quantsOf } from './quant-choice.ts';
import { RegistryClient } from './registry-client.ts';
import type { RemoteListing } from './remote-listing.ts';
import type { RequestSender } from './remote-requests.ts';
import { UrlClient } from './url-client.ts';

export interface RemoteModelsOptions {
  /** Base addresses, without a slash at their ends. */
  endpoints: Readonly<Record<'hub' | 'modelscope' | 'ollama' | 'docker', string>>;
  /** The token for the hub; `null`: none. */
  token: () => string | null;
  requests: RequestSender;
}

/** A quant with the reference that fetches it. */
export type NamedQuant = RemoteQuant & { reference: string };

/** The models in a repository. */
export type QuantListing = Omit<RemoteListing, 'files'> & { quants: NamedQuant[]; usual: NamedQuant };

/** Docker Hub's registry, and the only other server that gives tokens for it. */
const DOCKER_HUB = 'https://registry-1.docker.io';
const DOCKER_TOKENS = 'https://auth.docker.io';
/** Most quants that an error names. */
const MOST_NAMED = 12;

/** The models of other machines: a hub, ModelScope, the registries of Ollama and Docker, and web servers. */
export class RemoteModels implements ModelSource {
  /** Base address of the hub. */
  readonly endpoint: string;
  readonly #hub: HubClient;
  readonly #modelscope: ModelScopeClient;
  readonly #ollama: RegistryClient;
  readonly #docker: RegistryClient;
  readonly #url: UrlClient;

  constructor({ endpoints, token, requests }: RemoteModelsOptions) {
    this.endpoint = endpoints.hub;
    this.#hub = new HubClient({ endpoint: endpoints.hub, token, requests });
    this.#modelscope = new ModelScopeClient({ endpoint: endpoints.modelscope, requests });
    this.#ollama = new RegistryClient({ endpoint: endpoints.ollama, tokenOrigin: null, requests });
    const tokenOrigin = endpoints.docker === DOCKER_HUB ? DOCKER_TOKENS : null;
    this.#docker = new RegistryClient({ endpoint: endpoints.docker, tokenOrigin, requests });
    this.#url = new UrlClient(requests);
  }

  /** Repositories of the hub with GGUF files, the most downloaded first. */
  search(words: string, limit: number, signal: AbortSignal): Promise<FoundRepo[]> {
    return this.#hub.search(words, limit, signal);
  }

  /**
   * The quants of a repository.
   *
   * @throws {ApiError} `NOT_FOUND` also if the repository has no model, or not the one of the reference
   */
  async quants(text: string, revision: string | null, signal: AbortSignal): Promise<QuantListing> {
    const reference = parseReference(text);
    const { files, ...listing } = await this.#list(reference, revision, signal);
    const quants = quantsOf(files);
    const named = (quant: RemoteQuant): NamedQuant => ({ ...quant, reference: referenceText(reference, quant.tag) });
    const usual = chooseQuant(quants, 'quant' in reference ? reference.quant : null);
    if (usual === null) throw noModel(reference, quants);
    return { ...listing, quants: quants.map(named), usual: named(usual) };
  }

  async resolve(text: string, revision: string | null, signal: AbortSignal): Promise<RemoteModel> {
    const {
      quants: _quants,
      usual,
      isGated,
      license: _license,
      ...listing
    } = await this.quants(text, revision, signal);
    const files = [...usual.files, ...usual.companions.map(({ file }) => file)];
    const [first] = files;
    if (isGated && first !== undefined) await this.#hub.checkAccess(listing, first, signal);
    return { reference: usual.reference, ...listing, files };
  }

  headersFor(text: string): Record<string, string> {
    const url = new URL(text);
    return { ...this.#hub.headersFor(url), ...this.#ollama.headersFor(url), ...this.#docker.headersFor(url) };
  }

  #list(reference: ModelReference, revision: string | null, signal: AbortSignal): Promise<RemoteListing> {
    switch (reference.source) {
      case 'hub':
        return this.#hub.list(reference, revision, signal);
      case 'modelscope':
        return this.#modelscope.list(reference, revision, signal);
      case 'ollama':
        return this.#ollama.list(reference, revision, signal);
      case 'docker':
        return this.#docker.list(reference, revision, signal);
      case 'url':
        return this.#url.list(reference, revision, signal);
    }
  }
}

function noModel(reference: ModelReference, quants: readonly RemoteQuant[]): ApiError {
  const name = referenceText(reference, null);
  const tags = quants.flatMap(({ tag }) => tag ?? []);
  if (tags.length === 0 || !('quant' in reference)) {
    return new ApiError('NOT_FOUND', `${name} has no complete model in GGUF or safetensors files.`);
  }
  const more = tags.length > MOST_NAMED ? ', …' : '';
  const listed = tags.slice(0, MOST_NAMED).join(', ') + more;
  return new ApiError('NOT_FOUND', `${name} has no ${reference.quant}; it has ${listed}.`);
}
