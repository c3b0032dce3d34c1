import type { OpenApiDocument } from '@llamactl/contract/openapi-document';
import { type Located, operationsOf } from './page-operations.ts';
import { markup, Markup, prose } from './markup.ts';
import { operationMarkup, type PageSetting } from './operation.ts';
import { aboutOf, fieldsOf, kindOf, type Schemas, type Way } from './schema.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

const REFERENCE = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

/** The API as one self-contained page: for people, as `openapi.json` is for programs. */
export function apiPage(document: OpenApiDocument, setting: Omit<PageSetting, 'schemas'>): string {
  const { info, tags, components } = document;
  const operations = operationsOf(document);
  const sent = sentSchemas(document);
  const sections = tags
    .map(({ name }) => ({ name, members: operations.filter(({ operation }) => operation.tags.includes(name)) }))
    .filter(({ members }) => members.length > 0);
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>llamactl API</title>
        <link rel="icon" href="data:," />
        <style>${new Markup(STYLE)}</style>
      </head>
      <body>
        <a class="skip" href="#requests">Skip to the requests</a>
        <header>
          <h1>llamactl <span>API ${info.version}</span></h1>
          <label hidden>
            <span class="hidden">Find requests and schemas</span>
            <input id="filter" type="search" placeholder="Find" autocomplete="off" spellcheck="false" />
            <kbd aria-hidden="true">/</kbd>
          </label>
        </header>
        <div class="columns">
          <nav aria-label="Requests">
            ${sections.map(navigation)}
            <section><a class="tag" href="#schemas">Schemas</a></section>
          </nav>
          <main id="requests">
            <section class="about">
              <p>${prose(info.description)}</p>
              <p>
                The same for programs: <a href="api/openapi.json"><code>api/openapi.json</code></a>.
                ${setting.isAuthEnabled ? markup`Requests that are not public need a token or a key: <code>export TOKEN=llk_…</code>` : null}
              </p>
            </section>
            ${sections.map(
              ({ name, members }) =>
                markup`<section>
                  <h2 id="${anchorOf(name)}">${name}</h2>
                  ${members.map((each) => operationMarkup(each, { ...setting, schemas: components.schemas }))}
                </section>`,
            )}
            <section>
              <h2 id="schemas">Schemas</h2>
              ${Object.keys(components.schemas).map((name) => schemaMarkup(name, components.schemas, sent.has(name) ? 'sent' : 'answered'))}
            </section>
            <p id="nothing" role="status" hidden>No request or schema has these words.</p>
          </main>
        </div>
        <script>${new Markup(SCRIPT)}</script>
      </body>
    </html> `;
  return page.text;
}

function navigation({ name, members }: { name: string; members: readonly Located[] }): Markup {
  return markup`<section>
    <a class="tag" href="#${anchorOf(name)}">${name}</a>
    <ul>
      ${members.map(
        ({ method, path, operation: { operationId: id } }) =>
          markup`<li>
            <a href="#${id}"><span class="method ${method.toLowerCase()}">${method}</span> ${shortPath(path)}</a>
          </li>`,
      )}
    </ul>
  </section> `;
}

function schemaMarkup(name: string, schemas: Schemas, way: Way): Markup {
  const schema = schemas[name] ?? {};
  const about = aboutOf(schema);
  return markup`<details class="schema" id="schema-${name}">
    <summary><code>${name}</code></summary>
    <div class="about">
      ${schema.properties === undefined ? markup`<p>${kindOf(schema)}</p>` : null}
      ${about === null ? null : markup`<p>${about}</p>`} ${fieldsOf(schema, schemas, way)}
    </div>
  </details> `;
}

/** A path without `/api`, which all paths share. */
function shortPath(path: string): string {
  return path.replace(/^\/api/, '');
}

function anchorOf(tag: string): string {
  return `tag-${tag.toLowerCase().replaceAll(/\W+/g, '-')}`;
}

/** Names of the schemas in request bodies; all others occur only in answers. */
export function sentSchemas({
  paths,
  components: { schemas },
}: Pick<OpenApiDocument, 'paths' | 'components'>): ReadonlySet<string> {
  const found = new Set<string>();
  const find = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part ?? null).matchAll(REFERENCE)) {
      if (found.has(name)) continue;
      found.add(name);
      find(schemas[name]);
    }
  };
  for (const { parameters: _, ...methods } of Object.values(paths)) {
    for (const { requestBody } of Object.values(methods)) find(requestBody);
  }
  return found;
}
