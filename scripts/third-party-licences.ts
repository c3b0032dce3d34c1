import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Facts from the folder of a package. */
export interface PackageFacts {
  name: string;
  version: string;
  /** As its author writes it, such as `MIT`. */
  license: string;
}

/** @throws {Error} facts are missing */
export async function packageFacts(folder: string): Promise<PackageFacts> {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(folder, 'package.json'), 'utf8'),
  ) as Partial<PackageFacts>;
  if (name === undefined || version === undefined || typeof license !== 'string') {
    throw new Error(`${folder} does not say its name, version and licence`);
  }
  return { name, version, license };
}

/**
 * The licence texts that must be passed on with the code of packages.
 *
 * @param folders Of the packages.
 * @throws {Error} a package does not state its licence
 */
export async function thirdPartyLicences(folders: readonly string[]): Promise<string> {
  const parts = await Promise.all(folders.map(licenceOf));
  return `llamactl holds code of the packages below, each under its own licence.\n${parts.join('')}`;
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = await packageFacts(folder);
  const file = (await readdir(folder)).toSorted().find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text =
    file === undefined
      ? 'What its author has published names this licence, and holds no text of it.'
      : await readFile(path.join(folder, file), 'utf8');
  return `\n${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`;
}
