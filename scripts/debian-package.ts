import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { runTool } from '@llamactl/cli/quickstart/run-tool';

/** The input of a Debian package. */
export interface DebianParts {
  /** Of the checkout. */
  root: string;
  version: string;
  /** Seconds since 1970; the timestamp of all files. */
  epoch: number;
  /** The executable for this machine's platform, and the licences of its parts. */
  executable: string;
  licences: string;
  /** The project's home page; `null`: unknown. */
  homepage: string | null;
}

/** Debian's names of the platforms of our executables. */
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
const MAINTAINER = 'llamactl maintainers <llamactl@packages.invalid>';
/** The libraries of Node, which the executable contains. */
const DEPENDS = 'libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), passwd';
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const CONFIGURATION = 'etc/llamactl/config.yaml';

/**
 * Builds the Debian package with dpkg-deb, without root. The same parts give the same bytes.
 *
 * @param folder For the package.
 * @param work An empty folder.
 * @returns its file name
 */
export async function buildDebianPackage(folder: string, work: string, parts: DebianParts): Promise<string> {
  const { root, executable, licences, epoch } = parts;
  const packaging = path.join(root, 'packaging');
  const put = await writerIn(work);
  const documents = 'usr/share/doc/llamactl';
  await put('usr/bin/llamactl', { file: executable }, 0o755);
  await put('usr/lib/systemd/system/llamactl.service', {
    file: path.join(packaging, 'systemd/system/llamactl.service'),
  });
  await put(CONFIGURATION, { file: path.join(packaging, 'debian/config.yaml') });
  await put(`${documents}/examples/llamactl.example.yaml`, { file: path.join(root, 'llamactl.example.yaml') });
  await put(`${documents}/copyright`, { file: path.join(root, 'LICENSE') });
  await put(`${documents}/THIRD-PARTY-LICENCES.txt.gz`, await compressed(await readFile(licences)));
  await put(`${documents}/changelog.gz`, await compressed(changelogOf(parts)));
  await put(`${documents}/NEWS.md.gz`, await compressed(await readFile(path.join(root, 'CHANGELOG.md'))));
  await put('usr/share/lintian/overrides/llamactl', { file: path.join(packaging, 'debian/lintian-overrides') });
  const installedKb = await sizeOf(work);
  await put('DEBIAN/control', controlOf(parts, installedKb));
  await put('DEBIAN/conffiles', `/${CONFIGURATION}\n`);
  for (const name of SCRIPTS) await put(`DEBIAN/${name}`, { file: path.join(packaging, 'debian', name) }, 0o755);

  const name = `llamactl_${debianVersion(parts.version)}_${architecture()}.deb`;
  // xz makes 31 MB instead of 45 MB, but takes 98 s instead of 7 s.
  const words = ['--root-owner-group', '-Zgzip', '--build', work, path.join(folder, name)];
  await runTool('dpkg-deb', words, { environment: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) } });
  return name;
}

type Write = (name: string, content: string | Buffer | { file: string }, mode?: number) => Promise<void>;

/** A writer of files in a folder, with the permissions that a package needs, independent of the umask. */
async function writerIn(root: string): Promise<Write> {
  await chmod(root, 0o755);
  return async (name, content, mode = 0o644) => {
    let folder = root;
    for (const part of path.dirname(name).split('/')) {
      folder = path.join(folder, part);
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o755);
    }
    const file = path.join(root, name);
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(file, content);
    else await copyFile(content.file, file);
    await chmod(file, mode);
  };
}

function controlOf({ version, homepage }: DebianParts, installedKb: number): string {
  return [
    'Package: llamactl',
    `Version: ${debianVersion(version)}`,
    `Architecture: ${architecture()}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${installedKb}`,
    `Depends: ${DEPENDS}`,
    'Recommends: systemd',
    'Suggests: llama.cpp-tools',
    'Section: net',
    'Priority: optional',
    ...(homepage === null ? [] : [`Homepage: ${homepage}`]),
    'Description: control plane for local LLM inference',
    ' Creates, starts, stops, monitors and calls many instances of engines such as',
    " llama.cpp's llama-server through one HTTP API and one command. Engines keep",
    ' running through a crash or an upgrade of llamactl.',
    ' .',
    ' The package contains Node.js, but no engine.',
    '',
  ].join('\n');
}

/** Debian sorts `1.0.0~rc.1` before `1.0.0`, but `1.0.0-rc.1` after it. */
function debianVersion(version: string): string {
  return version.replace('-', '~');
}

/** @throws {Error} Debian has no name for this platform */
function architecture(): string {
  const name = ARCHITECTURES[process.arch];
  if (name === undefined) throw new Error(`there is no Debian package for ${process.arch}`);
  return name;
}

function changelogOf({ version, epoch }: DebianParts): string {
  const date = new Date(epoch * 1_000).toUTCString().replace('GMT', '+0000');
  return `llamactl (${debianVersion(version)}) stable; urgency=medium

  * All changes are in NEWS.md.gz.

 -- ${MAINTAINER}  ${date}
`;
}

async function compressed(text: string | Buffer): Promise<Buffer> {
  return promisify(gzip)(text, { level: 9 });
}

/** In KiB, as Debian counts: each file rounded up, and one for each folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.map(async (entry) =>
    entry.isFile() ? Math.ceil((await stat(path.join(entry.parentPath, entry.name))).size / 1_024) : 1,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
