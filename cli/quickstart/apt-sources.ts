import { codeOf } from '@llamactl/contract/reason';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A package archive from this machine's apt sources, with all that is needed to read another suite of it. */
export interface AptArchive {
  /** Its address, in any form that apt accepts (http, https, mirror+file, …). */
  uri: string;
  /** The unchanged value of `Signed-By` (path, fingerprint, or a key block of several lines), if any. */
  signedBy: string | undefined;
}

/** One entry of an apt source file, of either format. */
export interface AptEntry {
  types: string[];
  uris: string[];
  suites: string[];
  components: string[];
  signedBy: string | undefined;
}

/**
 * Finds Debian's own archives in this machine's apt sources, most likely first. Empty on other systems, such as Ubuntu.
 * Several can look like Debian's; only a request shows which one has a suite.
 *
 * @param aptDirectory `/etc/apt`
 * @throws when a source file exists but cannot be read
 */
export async function readDebianArchives(aptDirectory: string): Promise<AptArchive[]> {
  const entries: AptEntry[] = [];
  for (const file of await sourceFiles(aptDirectory)) {
    const text = await readFile(file, 'utf8');
    entries.push(...(file.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)));
  }
  return pickDebianArchives(entries);
}

async function sourceFiles(aptDirectory: string): Promise<string[]> {
  const parts = path.join(aptDirectory, 'sources.list.d');
  const names = [...(await list(parts))].filter((name) => /\.(?:sources|list)$/.test(name)).sort();
  const main = (await list(aptDirectory)).includes('sources.list') ? [path.join(aptDirectory, 'sources.list')] : [];
  return [...main, ...names.map((name) => path.join(parts, name))];
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Reads the stanza format (deb822, sources.list(5)); disabled stanzas are left out. */
export function parseDeb822(text: string): AptEntry[] {
  // comment lines go first: they may be between the lines of one value
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const stanzas = lines.join('\n').split(/\n(?:[ \t]*\n)+/);
  return stanzas.flatMap((stanza) => {
    const fields = readFields(stanza);
    if (/^(?:no|false|off|without|disable|0)$/i.test(fields.get('enabled') ?? '')) return [];
    const types = words(fields.get('types'));
    if (types.length === 0) return [];
    return [
      {
        types,
        uris: words(fields.get('uris')),
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        signedBy: fields.get('signed-by'),
      },
    ];
  });
}

/** Field values by lower-case name; a value keeps its continuation lines, which a key block needs. */
function readFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of stanza.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) fields.set(current, `${fields.get(current) ?? ''}\n${line.trimEnd()}`);
      continue;
    }
    const colon = line.indexOf(':');
    current = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : undefined;
    if (current !== undefined) fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}

function words(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}

/** `deb [ options ] uri suite component…` */
const ONE_LINE = /^(?<type>deb|deb-src)\s+(?:\[(?<options>[^\]]*)\]\s*)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>.*)$/;

/** Reads the format with one entry a line; skips lines that it does not understand. */
export function parseOneLine(text: string): AptEntry[] {
  return text.split('\n').flatMap((line) => {
    const groups = ONE_LINE.exec(line.replace(/#.*$/, '').trim())?.groups;
    if (!groups) return [];
    const signedBy = words(groups['options']).find((option) => option.toLowerCase().startsWith('signed-by='));
    return [
      {
        types: words(groups['type']),
        uris: words(groups['uri']),
        suites: words(groups['suite']),
        components: words(groups['components']),
        signedBy: signedBy?.slice('signed-by='.length),
      },
    ];
  });
}

/** The main archive only: not security, debug or ports, whose names begin the same way. */
const MAIN_ARCHIVE_PATH = /\/debian(?:\.list)?(?:\/|$)/;
/** A release (`bookworm`, `stable`, `sid`), not a part of one (`bookworm-updates`, `bookworm/mongodb-org`). */
const RELEASE = /^[a-z]+$/;

/**
 * Chooses Debian's main archive without knowing its host name. Mirrors, caches and mirror lists keep `debian` in the
 * path, the component `main` and plain release names. Other publishers may share some of these, such as a path that
 * ends in `/debian`, so an archive with Debian's own keyring comes first.
 */
export function pickDebianArchives(entries: readonly AptEntry[]): AptArchive[] {
  const archives = new Map<string, AptArchive>();
  for (const entry of entries) {
    const isRelease = entry.suites.some((suite) => RELEASE.test(suite));
    if (!entry.types.includes('deb') || !entry.components.includes('main') || !isRelease) continue;
    for (const uri of entry.uris) {
      const afterHost = uri.replace(/^[\w+-]+:(?:\/\/[^/]*)?/, '');
      if (uri.startsWith('cdrom:') || !MAIN_ARCHIVE_PATH.test(afterHost)) continue;
      const known = archives.get(uri.replace(/\/$/, ''));
      if (!known) archives.set(uri.replace(/\/$/, ''), { uri, signedBy: entry.signedBy });
    }
  }
  const isDebianKey = (archive: AptArchive): boolean => archive.signedBy?.includes('debian-archive') ?? false;
  return [...archives.values()].sort((a, b) => Number(isDebianKey(b)) - Number(isDebianKey(a)));
}

/** A stanza that makes apt read one suite of an archive, and only the package list of one architecture. */
export function sourceStanza(archive: AptArchive, suite: string, architecture: string): string {
  const lines = [
    'Types: deb',
    `URIs: ${archive.uri}`,
    `Suites: ${suite}`,
    'Components: main',
    `Architectures: ${architecture}`,
    'Targets: Packages',
    'Languages: none',
    ...(archive.signedBy === undefined ? [] : [`Signed-By: ${archive.signedBy}`]),
  ];
  return `${lines.join('\n')}\n`;
}
