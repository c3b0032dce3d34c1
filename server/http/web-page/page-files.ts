import path from 'node:path';
import type { PageFiles } from './page-file.ts';
import { PageFolder } from './page-folder.ts';

/**
 * The web page of a checkout. The bundle of a package replaces this module by one that contains the files
 * (scripts/bundle.ts): an executable has no folder, and after an upgrade the folder may be of another version.
 */
export function pageFiles(): PageFiles {
  return new PageFolder(path.join(import.meta.dirname, '..', '..', '..', 'web', 'dist'));
}
