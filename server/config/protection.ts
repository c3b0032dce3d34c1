/** Decides which programs run, and who may use any: whoever may change this can do anything that our user can. */
const FILE_ONLY: readonly RegExp[] = [/^security(\.|$)/];

/** While everybody is admin, a web page or a program on this machine that gets through to us must not become our user. */
const NEEDS_AUTH: readonly RegExp[] = [
  /^engines(\.|$)/,
  /^alerts\.(command|webhook)$/,
  /^data_dir$/,
  /^auth(\.|$)/,
  /^server\.(host|allowed_[^.]*|public_url|trusted_proxies)$/,
];

/** Why no request may change a key, as words that follow its name; `null`: one may. */
export function protection(path: readonly string[], isAuthOn: boolean): string | null {
  const name = path.join('.');
  if (FILE_ONLY.some((pattern) => pattern.test(name))) return 'can be changed in the configuration file only, by hand';
  if (!isAuthOn && NEEDS_AUTH.some((pattern) => pattern.test(name)))
    return 'cannot be changed by a request while accounts (auth.enabled) are off: change it in the configuration file';
  return null;
}
