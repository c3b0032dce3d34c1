import { ApiError } from '@llamactl/contract/errors';
import { quantizationIn } from '../model-facts.ts';
import { ggufStem, isPlainPath, nameOf } from './remote-path.ts';

/** A repository of a hub. */
export interface HubReference {
  source: 'hub' | 'modelscope';
  /** `org/repo`. */
  repo: string;
  /** `Q4_K_M`, or another end of a file's name; `null`: the source's usual choice. */
  quant: string | null;
}

/** A model of a Docker registry. */
export interface RegistryReference {
  source: 'ollama' | 'docker';
  /** `library/qwen3`, `ai/qwen3`. */
  repo: string;
  tag: string;
}

/** One file of a web server. */
export interface UrlReference {
  source: 'url';
  /** `https:`. */
  url: string;
  /** Name of the file. */
  file: string;
  /** Its expected sha256, lower-case hex; `null`: not given. */
  sha256: string | null;
}

/** A model on another machine, as its reference names it. */
export type ModelReference = HubReference | RegistryReference | UrlReference;

const LONGEST_REFERENCE = 2_048;

/** A name on Hugging Face: no dash or dot at its ends; `--` and `..` are excluded separately. */
const HUB_NAME = /^\w(?:[\w.-]{0,94}\w)?$/;
const QUANT = /^\w[\w.-]{0,127}$/;
/** A name and a tag of a registry, by the specification of OCI distribution. Users of Ollama also have capital letters. */
const REGISTRY_NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const OLLAMA_USER = new RegExp(REGISTRY_NAME, 'i');
const TAG = /^\w[\w.-]{0,127}$/;
/** A branch, tag or commit. */
const REVISION = /^\w[\w.-]*(?:\/\w[\w.-]*){0,7}$/;
/** Hosts of the pages that people copy from a browser. */
const HUB_HOSTS = new Set(['hf.co', 'huggingface.co', 'www.huggingface.co']);
/** Kinds of pages below a repository. */
const PAGES = new Set(['tree', 'blob', 'resolve', 'raw']);

const HASH = /^#sha256=([0-9a-f]{64})$/i;

const FORMS =
  'write org/repo or org/repo:Q4_K_M, ms:org/repo, ollama:name:tag, docker:ai/name:tag, or https://…/file.gguf';

/**
 * Reads a reference: `org/repo[:QUANT]`, also with `hf.co/` before it or as the page's address, `ms:org/repo[:QUANT]`,
 * `ollama:name[:tag]`, `docker:ai/name[:tag]`, `https://…/file.gguf[#sha256=…]`. Only the last has a host.
 *
 * @throws {ApiError} `VALIDATION_ERROR`
 */
export function parseReference(text: string): ModelReference {
  if (text.length > LONGEST_REFERENCE) throw malformed(text, 'is too long');
  const [, prefix, rest = ''] = /^(ms|ollama|docker):(.*)$/s.exec(text) ?? [];
  if (prefix === 'ms') return hubReference('modelscope', rest, text);
  if (prefix === 'ollama') return registryReference('ollama', rest.includes('/') ? rest : `library/${rest}`, text);
  if (prefix === 'docker') return registryReference('docker', rest, text);
  const page = hubPage(text);
  if (page !== null) return pageReference(page, text);
  if (text.startsWith('https://')) return urlReference(text);
  if (text.includes('://')) throw malformed(text, 'must begin with https://');
  return hubReference('hub', text, text);
}

/** The reference as people write it. @param choice The quantisation that was chosen; for a registry and a URL without meaning. */
export function referenceText(reference: ModelReference, choice: string | null): string {
  switch (reference.source) {
    case 'url':
      return reference.sha256 === null ? reference.url : `${reference.url}#sha256=${reference.sha256}`;
    case 'ollama':
      return `ollama:${reference.repo.replace(/^library\//, '')}:${reference.tag}`;
    case 'docker':
      return `docker:${reference.repo}:${reference.tag}`;
    default:
      return `${reference.source === 'modelscope' ? 'ms:' : ''}${reference.repo}${choice === null ? '' : `:${choice}`}`;
  }
}

/** @throws {ApiError} `VALIDATION_ERROR` for a text that cannot be a branch, tag or commit */
export function assertRevision(revision: string): void {
  if (!REVISION.test(revision) || !isPlainPath(revision)) {
    throw new ApiError(
      'VALIDATION_ERROR',
      `The revision ${shown(revision)} is not the name of a branch, tag or commit.`,
    );
  }
}

/** Whether a text may stand after the colon of a reference to a hub. */
export function isQuantTag(text: string): boolean {
  return QUANT.test(text) && !text.includes('..');
}

/** Whether a text is the tag of a registry. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

function hubReference(source: 'hub' | 'modelscope', rest: string, text: string): HubReference {
  const [repo = '', quant = null, ...more] = rest.split(':');
  if (more.length > 0) throw malformed(text, 'has too many colons');
  const names = repo.split('/');
  const isRepo = names.length === 2 && names.every((name) => HUB_NAME.test(name) && !/--|\.\./.test(name));
  if (!isRepo) throw malformed(text, 'is not a reference to a model');
  if (quant !== null && !isQuantTag(quant)) throw malformed(text, 'has no valid quantisation');
  return { source, repo, quant };
}

function registryReference(source: 'ollama' | 'docker', rest: string, text: string): RegistryReference {
  const [repo = '', tag = 'latest', ...more] = rest.split(':');
  const names = repo.split('/');
  const grammarOf = (index: number): RegExp => (source === 'ollama' && index === 0 ? OLLAMA_USER : REGISTRY_NAME);
  const isRepo = names.length === 2 && names.every((name, index) => name.length <= 128 && grammarOf(index).test(name));
  if (!isRepo || more.length > 0 || !TAG.test(tag)) throw malformed(text, 'is not a name of this registry');
  return { source, repo, tag };
}

/** The address of a page of the hub, with or without `https://`; `null`: another text. */
function hubPage(text: string): URL | null {
  const url = URL.parse(/^https:/i.test(text) ? text : `https://${text}`);
  return url !== null && HUB_HOSTS.has(url.hostname) ? url : null;
}

function pageReference(page: URL, text: string): HubReference {
  const isOwn = page.username === '' && page.password === '' && page.port === '';
  const parts = isOwn && !/[\s\\]/.test(text) ? decoded(page.pathname.replace(/^\/|\/$/g, '')) : null;
  if (parts === null) throw malformed(text, 'is not the address of a page of the hub');
  const [owner = '', name = '', kind, revision = '', ...path] = parts.split('/');
  const reference = hubReference('hub', `${owner}/${name}`, text);
  if (kind === undefined) return reference;
  if (!PAGES.has(kind)) throw malformed(text, 'is not the page of a model or of a file');
  if (revision !== 'main') {
    const repo = `${reference.repo}${reference.quant === null ? '' : `:${reference.quant}`}`;
    throw malformed(text, `is not a page of the branch main; give ${repo} and the revision separately`);
  }
  if (path.length === 0) return reference;
  const stem = ggufStem(path.at(-1) ?? '');
  if (stem === null) throw malformed(text, 'is the address of a file that is no .gguf file');
  const quant = reference.quant ?? (isQuantTag(stem) ? stem : quantizationIn(stem));
  if (quant === null) throw malformed(text, 'names a file that no reference can name');
  return { ...reference, quant };
}

function urlReference(text: string): UrlReference {
  if (!URL.canParse(text)) throw malformed(text, 'is not a valid address');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw malformed(url.host, 'must not have a password in its address');
  const [, sha256 = null] = HASH.exec(url.hash) ?? [];
  // A signed query is a secret, and references are listed and logged.
  if (url.search !== '' || (url.hash !== '' && sha256 === null)) {
    throw malformed(url.origin + url.pathname, 'must end with the file, or with #sha256= and its 64 digits');
  }
  url.hash = '';
  const file = decoded(nameOf(url.pathname));
  if (file === null || !isPlainPath(file) || file.includes('/') || ggufStem(file) === null) {
    throw malformed(text, 'is not the address of a .gguf file');
  }
  return { source: 'url', url: url.href, file, sha256: sha256?.toLowerCase() ?? null };
}

/** Without percent-encoding; `null`: it is not valid. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function malformed(text: string, problem: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `${shown(text)} ${problem}: ${FORMS}.`);
}

/**
 * A text of a caller within a sentence: short, and in quotes that show its spaces. Of an address only scheme and host, because
 * the rest may have a password or a signature.
 */
function shown(text: string): string {
  if (/:\/\/|^[^/]*@/.test(text)) {
    const url = URL.parse(text.includes('://') ? text : `https://${text}`);
    return JSON.stringify(url === null ? 'An address' : `${url.protocol}//${url.host}/…`);
  }
  const bare = text.replace(/[?#].*$/s, '…');
  return JSON.stringify(bare.length > 200 ? `${bare.slice(0, 200)}…` : bare);
}
