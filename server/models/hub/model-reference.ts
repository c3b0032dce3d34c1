import { ApiError } from '@llamactl/contract/errors';

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

/** Longest name of a file or folder, in bytes of UTF-8. */
const LONGEST_PART = 255;
const LONGEST_REFERENCE = 2_048;

/** A name on Hugging Face: no dash or dot at its ends; `--` and `..` are excluded separately. */
const HUB_NAME = /^\w(?:[\w.-]{0,94}\w)?$/;
const QUANT = /^\w[\w.-]{0,127}$/;
/** A name and a tag of a registry, by the specification of OCI distribution. */
const REGISTRY_NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
/** A branch, tag or commit. */
const REVISION = /^\w[\w.-]*(?:\/\w[\w.-]*){0,7}$/;
/** Pages and files of a repository, as people copy them from a browser. */
const HUB_PAGE =
  /^(?:https:\/\/)?(?:hf\.co|huggingface\.co)\/([^/?#]+\/[^/?#]+?)(?:\/(?:tree|blob|resolve)\/main(\/[^?#]*)?)?\/?(?:\?download=true)?$/;
const GGUF = /^(.+?)(?:-\d{5}-of-\d{5})?\.gguf$/i;

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
  if (text.length > LONGEST_REFERENCE) throw malformed(`${text.slice(0, 40)}…`, 'is too long');
  const [, prefix, rest = ''] = /^(ms|ollama|docker):(.*)$/s.exec(text) ?? [];
  if (prefix === 'ms') return hubReference('modelscope', rest, text);
  if (prefix === 'ollama') return registryReference('ollama', rest.includes('/') ? rest : `library/${rest}`, text);
  if (prefix === 'docker') return registryReference('docker', rest, text);
  const page = HUB_PAGE.exec(text);
  if (page !== null) return pageReference(page, text);
  if (text.startsWith('https://')) return urlReference(text);
  if (/^\w+:\/\//.test(text)) throw malformed(text, 'must begin with https://');
  return hubReference('hub', text.replace(/^(?:hf\.co|huggingface\.co)\//, ''), text);
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

/**
 * Whether a path of another machine may become a path below a folder of ours: relative, with `/` between its parts, no part
 * that is empty, `.`, `..` or longer than 255 bytes, and no backslash or control character.
 */
export function isPlainPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return false;
  return path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= LONGEST_PART);
}

/** The name of a GGUF file without its ending and without the number of a part; `null`: another file. */
export function ggufStem(file: string): string | null {
  return GGUF.exec(file)?.[1] ?? null;
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
  const isRepo = names.length === 2 && names.every((name) => name.length <= 128 && REGISTRY_NAME.test(name));
  if (!isRepo || more.length > 0 || !TAG.test(tag)) throw malformed(text, 'is not a name of this registry');
  return { source, repo, tag };
}

function pageReference([, repo = '', path]: RegExpExecArray, text: string): HubReference {
  const reference = hubReference('hub', repo, text);
  if (path === undefined || path === '/') return reference;
  const stem = ggufStem(path.slice(path.lastIndexOf('/') + 1));
  if (stem === null) throw malformed(text, 'is the address of a file that is no .gguf file');
  return reference.quant === null ? hubReference('hub', `${repo}:${stem}`, text) : reference;
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
  const file = lastPart(url.pathname);
  if (file === null || !isPlainPath(file) || file.includes('/') || ggufStem(file) === null) {
    throw malformed(text, 'is not the address of a .gguf file');
  }
  return { source: 'url', url: url.href, file, sha256: sha256?.toLowerCase() ?? null };
}

function lastPart(path: string): string | null {
  try {
    return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function malformed(text: string, problem: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `${shown(text)} ${problem}: ${FORMS}.`);
}

/** A text of a caller within a sentence: short, and in quotes that show its spaces. */
function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
