import { readFile, writeFile } from 'node:fs/promises';
import { manPage } from '@llamactl/cli/man-page';
import { withReference } from '@llamactl/cli/reference';
import { packagedDefinitions } from '@llamactl/cli/service/service-definition';
import { generatedFiles } from '@llamactl/contract/generated';
import contract from '../contract/package.json' with { type: 'json' };
import { pythonTwins } from './python-twins.ts';

/**
 * Writes the generated files: those from the contract (openapi.json, schemas/, docs/errors.md, the table in docs/api.md
 * …), those from the command line (the reference in docs/cli.md, the manual page, packaging/), and the blocking twin of the Python
 * client. `--check` writes nothing, and fails if a file is out of date.
 */
const root = new URL('../', import.meta.url);
const isCheck = process.argv.includes('--check');
const files = [
  ...generatedFiles(contract.version, await read('docs/api.md')),
  { path: 'docs/cli.md', content: await withReference(await read('docs/cli.md')) },
  { path: 'packaging/man/llamactl.1', content: await manPage(contract.version) },
  ...packagedDefinitions(),
  ...(await pythonTwins()),
];
for (const { path, content } of files) {
  if ((await read(path)) === content) continue;
  process.stdout.write(`${path} ${isCheck ? 'is not up to date: npm run generate' : 'written'}\n`);
  if (isCheck) process.exitCode = 1;
  else await writeFile(new URL(path, root), content);
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(new URL(path, root), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
