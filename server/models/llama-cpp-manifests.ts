/** `manifest=ORG=REPO=TAG.json`, which llama-server wrote beside its downloads before it used the cache of the hub. */
const MANIFEST = /^manifest=([\w.-]+)=([\w.-]+)=[^=]+\.json$/;

/** The repositories of the hub, `org/repo`, that the manifests in a folder name. @param names All names in the folder. */
export function manifestRepos(names: readonly string[]): string[] {
  const repos = names.flatMap((name) => {
    const [, org, repo] = MANIFEST.exec(name) ?? [];
    return org === undefined || repo === undefined ? [] : [`${org}/${repo}`];
  });
  return [...new Set(repos)];
}

/**
 * The repository of a downloaded file, `ORG_REPO_FILE.gguf`; `null`: none of these. The longest one counts, because a
 * repository may begin like another.
 */
export function repoOfDownload(name: string, repos: readonly string[]): string | null {
  const found = repos.filter((repo) => name.startsWith(`${repo.replace('/', '_')}_`));
  return found.toSorted((one, other) => other.length - one.length)[0] ?? null;
}
