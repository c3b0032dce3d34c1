/** A version, and the file with it. */
export interface StatedVersion {
  /** Relative to the project's root. */
  file: string;
  /** `null`: the file has none. */
  version: string | null;
}

/** The state to check before a release. */
export interface ReleaseState {
  version: string;
  stated: readonly StatedVersion[];
  changelog: string;
  /** The output of `git status --porcelain`. */
  changes: string;
}

/** The problems that prevent a release, each with a remedy. Empty: none. */
export function releaseProblems({ version, stated, changelog, changes }: ReleaseState): string[] {
  const differing = stated.filter((each) => each.version !== version);
  const changed = changes.split('\n').filter((line) => line !== '');
  return [
    ...(changed.length > 0 ? [`there are changes that are not committed: ${changed.map(fileOf).join(', ')}`] : []),
    ...differing.map(
      ({ file, version: other }) => `${file} says ${other ?? 'no version'}, and package.json ${version}`,
    ),
    ...(hasSection(changelog, version)
      ? []
      : [`CHANGELOG.md has no section "## ${version}"; rename "Unreleased" when it is complete`]),
    ...(hasSection(changelog, version) && hasUnreleased(changelog)
      ? [`CHANGELOG.md has entries under "Unreleased", which ${version} would contain without listing them`]
      : []),
  ];
}

/** The file in a line of git's output, which has two letters and a space before it. */
function fileOf(line: string): string {
  return line.slice(3);
}

function hasSection(changelog: string, version: string): boolean {
  return changelog.split('\n').some((line) => line === `## ${version}` || line.startsWith(`## ${version} `));
}

function hasUnreleased(changelog: string): boolean {
  const [, entries = ''] = /(?:^|\n)## Unreleased[^\n]*([^]*?)(?=\n## |$)/.exec(changelog) ?? [];
  return entries.trim() !== '';
}

/** The version in a file: that of a package.json, or that of a constant. */
export function statedVersion(file: string, text: string): StatedVersion {
  if (file.endsWith('.json')) {
    const { version = null } = JSON.parse(text) as { version?: string };
    return { file, version };
  }
  const [, version = null] = /^(?:const |__)?version(?:__)? = "([^"]+)"$/im.exec(text) ?? [];
  return { file, version };
}

/** Versions of our own packages in the dependencies of a package.json. */
export function ownDependencies(file: string, text: string): StatedVersion[] {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(text) as Partial<
    Record<'dependencies' | 'devDependencies', Record<string, string>>
  >;
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name]) => name.startsWith('@llamactl/'))
    .map(([name, version]) => ({ file: `${file} (${name})`, version }));
}
