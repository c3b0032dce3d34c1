import { clientModels } from './client-models.ts';
import { ConfigSchema } from './config.ts';
import { editorSchema } from './editor-schema.ts';
import { ERRORS } from './errors.ts';
import { FleetSchema } from './fleet.ts';
import { goModels, goVersion } from './go-models.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS, PASS_THROUGH, type PassThrough } from './operations.ts';
import { permissionsPage } from './permissions-page.ts';
import { pythonModels } from './python-models.ts';
import { pythonOperations } from './python-operations.ts';
import { pythonTwin } from './python-twin.ts';
import { table } from './table.ts';

/** A file that `npm run generate` writes from the contract. */
export interface GeneratedFile {
  /** Relative to the root of the project. */
  path: string;
  content: string;
}

/** JSON Schemas with which editors complete and check documents that people write. */
const EDITOR_SCHEMAS = [
  {
    path: 'schemas/config.schema.json',
    title: 'llamactl.yaml',
    description: 'The configuration of llamactl; docs/configuration.md says more.',
    schema: ConfigSchema,
  },
  {
    path: 'schemas/instances.schema.json',
    title: 'Instances of llamactl',
    description: 'A document for POST /api/apply; docs/fleet.md says more.',
    schema: FleetSchema,
  },
];

const TABLE = /(<!-- operations: generated -->\n)[^]*(<!-- end -->)/;

/**
 * Returns the files that `npm run generate` writes. Do not edit them by hand.
 *
 * @param version The version of the project.
 * @param apiPage The current text of docs/api.md, of which only the table is generated.
 * @throws {Error} If the text lacks the marks around the table.
 */
export function generatedFiles(version: string, apiPage: string): GeneratedFile[] {
  if (!TABLE.test(apiPage)) throw new Error('docs/api.md lacks the marks around its table of operations');
  return [
    { path: 'openapi.json', content: `${JSON.stringify(openApiDocument(version), null, 2)}\n` },
    { path: 'client/models.ts', content: clientModels(version) },
    { path: 'clients/go/models.go', content: goModels(version) },
    { path: 'clients/go/version.go', content: goVersion(version) },
    ...pythonFiles(version),
    { path: 'docs/errors.md', content: errorsPage() },
    { path: 'docs/permissions.md', content: permissionsPage() },
    ...EDITOR_SCHEMAS.map(({ path, ...parts }) => ({ path, content: editorSchema(parts) })),
    {
      path: 'docs/api.md',
      content: apiPage.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${operationsTable()}\n\n${end}`),
    },
  ];
}

function pythonFiles(version: string): GeneratedFile[] {
  const folder = 'clients/python/src/llamactl';
  const operations = pythonOperations(version);
  return [
    { path: `${folder}/_version.py`, content: `__version__ = "${version}"\n` },
    { path: `${folder}/models.py`, content: pythonModels(version) },
    { path: `${folder}/_async/operations.py`, content: operations },
    { path: `${folder}/_sync/operations.py`, content: pythonTwin(operations) },
  ];
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]);
  return `# Errors

<!-- Generated from contract/errors.ts by \`npm run generate\`. -->

Every error under \`/api\` has this body:

\`\`\`json
{
  "error": "what happened and what would work, for a person",
  "code": "THE_KIND_OF_ERROR_FOR_PROGRAMS",
  "details": "more about the error, or empty",
  "request_id": "the X-Request-Id of the answer, also in the log"
}
\`\`\`

Errors about a request's content add \`errors\`, a list of \`{path, message}\` with every problem. A failed start adds
\`reason\`.

${table(['Code', 'Status', 'Meaning'], rows)}
`;
}

function operationsTable(): string {
  const rows = Object.values<Operation>(OPERATIONS).map(({ method, path, summary, permission, cost }) => [
    `\`${method} ${path}\``,
    summary,
    permission,
    cost,
  ]);
  const passed = Object.values<PassThrough>(PASS_THROUGH).map(({ method = 'any', path, summary, permission, cost }) => [
    method === 'any' ? `any \`${path}\`` : `\`${method} ${path}\``,
    summary,
    permission,
    cost,
  ]);
  return table(['Request', 'Does', 'Who', 'Cost'], [...rows, ...passed]);
}
