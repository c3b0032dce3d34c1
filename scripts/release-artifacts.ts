import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { billOfMaterials } from './bill-of-materials.ts';
import { bundle } from './bundle.ts';
import { buildPage } from './page-build.ts';
import { buildClient } from './client-package.ts';
import { buildDebianPackage } from './debian-package.ts';
import { buildExecutable } from './executable.ts';
import { filledFormula } from './homebrew-formula.ts';
import { npmCommand } from './npm-command.ts';

/** The input of a release. */
export interface ReleaseParts {
  root: string;
  version: string;
  stamp: BuildStamp;
  /** Seconds since 1970; the timestamp of all files in archives. */
  epoch: number;
  /** Download folder of the npm package, and the project's home page; `null`: unknown, so no formula is made. */
  addresses: { downloads: string; homepage: string } | null;
  /** A Python with hatchling; `null`: none, so no package of the Python client is made. */
  python: string | null;
  /** Whether this machine has dpkg-deb; without it, no Debian package is made. */
  hasDpkg: boolean;
}

/** The checksums of all files of a release, for `sha256sum --check`. */
export const CHECKSUMS = 'SHA256SUMS';

/**
 * Makes all files of a release.
 *
 * @param directory Replaced after success.
 * @returns their names
 */
export async function makeRelease(directory: string, parts: ReleaseParts): Promise<string[]> {
  const work = await mkdtemp(path.join(os.tmpdir(), 'llamactl-release-'));
  const draft = `${directory}.draft`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await packNpm(draft, parts);
    await packClient(draft, work, parts);
    await packPython(draft, parts);
    const folder = await archiveExecutable(draft, work, parts);
    await packDebian(draft, folder, parts);
    await copyFile(path.join(parts.root, 'packaging', 'install.sh'), path.join(draft, 'install.sh'));
    await writeBill(draft, work, parts);
    await writeFormula(draft, parts);
    const names = (await readdir(draft)).toSorted();
    const sums = await Promise.all(names.map(async (name) => `${await sha256(path.join(draft, name))}  ${name}\n`));
    await writeFile(path.join(draft, CHECKSUMS), sums.join(''));
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    return [...names, CHECKSUMS];
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** File with the licences of the parts of the executable. */
const LICENCES = 'THIRD-PARTY-LICENCES.txt';

const npmTarball = (version: string): string => `llamactl-${version}.tgz`;

async function packNpm(draft: string, { root, stamp, epoch }: ReleaseParts): Promise<void> {
  const environment = { ...process.env, ...stampVariables(stamp, epoch) };
  const [npm, ...first] = npmCommand();
  await runTool(npm, [...first, 'pack', '--pack-destination', draft], { environment, directory: root });
}

/** Variables that give the build of `npm pack` the same stamp. */
function stampVariables({ commit }: BuildStamp, epoch: number): NodeJS.ProcessEnv {
  return { SOURCE_DATE_EPOCH: String(epoch), ...(commit !== null && { LLAMACTL_BUILD_COMMIT: commit }) };
}

async function packClient(draft: string, work: string, { root }: ReleaseParts): Promise<void> {
  const folder = path.join(work, 'client');
  await buildClient(folder);
  const [npm, ...first] = npmCommand();
  const words = ['pack', folder, '--pack-destination', draft];
  await runTool(npm, [...first, ...words], { environment: process.env, directory: root });
}

/** Makes a wheel and a source archive. */
async function packPython(draft: string, { root, epoch, python }: ReleaseParts): Promise<void> {
  if (python === null) return;
  const environment = { ...process.env, SOURCE_DATE_EPOCH: String(epoch), PYTHONDONTWRITEBYTECODE: '1' };
  const words = ['-m', 'hatchling', 'build', '-d', draft, '-t', 'sdist', '-t', 'wheel'];
  await runTool(python, words, { environment, directory: path.join(root, 'clients', 'python') });
}

/** @returns the folder with the files of the archive */
async function archiveExecutable(draft: string, work: string, parts: ReleaseParts): Promise<string> {
  const { root, version, stamp, epoch } = parts;
  const name = `llamactl-${version}-${process.platform}-${process.arch}`;
  const folder = path.join(work, name);
  await mkdir(folder);
  const licences = await buildExecutable(path.join(folder, 'llamactl'), stamp);
  await writeFile(path.join(folder, LICENCES), licences);
  for (const file of ['LICENSE', 'CHANGELOG.md', 'llamactl.example.yaml']) {
    await copyFile(path.join(root, file), path.join(folder, file));
  }
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`, '--mode=u=rwX,go=rX'];
  const words = [...same, '-czf', path.join(draft, `${name}.tar.gz`), name];
  await runTool('tar', words, { environment: process.env, directory: work });
  return folder;
}

/** @param folder The executable and its licences are in it. */
async function packDebian(draft: string, folder: string, parts: ReleaseParts): Promise<void> {
  if (!parts.hasDpkg) return;
  const [executable, licences] = [path.join(folder, 'llamactl'), path.join(folder, LICENCES)];
  const homepage = parts.addresses?.homepage ?? null;
  const tree = `${folder}.debian`;
  await mkdir(tree);
  await buildDebianPackage(draft, tree, { ...parts, executable, licences, homepage });
}

async function writeBill(draft: string, work: string, { root, version, stamp }: ReleaseParts): Promise<void> {
  const folders = await bundle({
    directory: path.join(work, 'bundle'),
    stamp,
    page: await buildPage(),
    form: 'modules',
  });
  const bill = await billOfMaterials(root, folders, { version, stamp, node: process.versions.node });
  await writeFile(path.join(draft, `llamactl-${version}.cdx.json`), bill);
}

async function writeFormula(draft: string, { root, version, addresses }: ReleaseParts): Promise<void> {
  if (addresses === null) return;
  const { downloads, homepage } = addresses;
  const name = npmTarball(version);
  const formula = await readFile(path.join(root, 'packaging', 'homebrew', 'llamactl.rb'), 'utf8');
  const facts = { homepage, url: `${downloads}/${name}`, sha256: await sha256(path.join(draft, name)) };
  await writeFile(path.join(draft, 'llamactl.rb'), filledFormula(formula, facts));
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
