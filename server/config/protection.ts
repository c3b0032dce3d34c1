/** Keys that no request may change: they decide whether instances may run any program. */
const FILE_ONLY: readonly RegExp[] = [/^security(\.|$)/];

/**
 * Keys with programs, arguments, environment or folders: changing them grants the rights of our user. An administrator of
 * the API does not have these rights.
 */
const PRIVILEGED: readonly RegExp[] = [
  /^engines(\.|$)/,
  /^alerts\.command(\.|$)/,
  /^data_dir(\.|$)/,
  /^models\.(?:dirs|cache_dir)(\.|$)/,
];

/** While accounts are off, every caller is admin: a web page or program must not be able to open the server to others. */
const NEEDS_AUTH: readonly RegExp[] = [
  /^alerts\.webhook(\.|$)/,
  /^models\.(hf|modelscope|ollama|docker)_endpoint(\.|$)/,
  /^auth(\.|$)/,
  /^server\.(host|allowed_[^.]*|public_url|trusted_proxies)(\.|$)/,
];

/** The rights of a request that changes the configuration. */
export interface ConfigRights {
  isAuthOn: boolean;
  /** Whether the file has `security.allow_privileged`, and the server runs with it. */
  allowsPrivileged: boolean;
}

/** `machine user`: can edit the file by hand anyway. */
export type ConfigEditorRights = ConfigRights | 'machine user';

const BY_HAND = 'can be changed in the configuration file only, by hand';
const REMEDY = 'use `llamactl config set` on the machine of the server, as its user or as root, or edit the file';
const ON_THE_MACHINE = `cannot be changed by a request without \`security.allow_privileged: true\` in the configuration file, because it names programs, arguments, environment or folders: ${REMEDY}`;
const WITH_ACCOUNTS = `cannot be changed by a request while accounts (auth.enabled) are off: ${REMEDY}`;

/** Why a key may not be changed, as words that continue a sentence after the key's name; `null`: it may be changed. */
export function protection(path: readonly string[], rights: ConfigEditorRights): string | null {
  const name = path.join('.');
  const isOf = (patterns: readonly RegExp[]): boolean => patterns.some((pattern) => pattern.test(name));
  if (isOf(FILE_ONLY)) return BY_HAND;
  if (rights === 'machine user') return null;
  if (isOf(PRIVILEGED) && !rights.allowsPrivileged) return ON_THE_MACHINE;
  if (isOf(NEEDS_AUTH) && !rights.isAuthOn) return WITH_ACCOUNTS;
  return null;
}
