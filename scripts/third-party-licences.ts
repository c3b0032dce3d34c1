import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A package as its own folder says. */
export interface PackageFacts {
  name: string;
  version: string;
  /** As its author writes it, such as `MIT`. */
  license: string;
}

/** @throws {Error} it says not enough */
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
 * What the licences of packages demand from who passes on their code: the licences.
 *
 * @param folders Of the packages.
 * @throws {Error} one does not say what its licence is
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
