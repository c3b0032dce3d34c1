import type { Content, DescribedParameter } from '@llamactl/contract/openapi-document';
import type { Located } from './page-operations.ts';
import { markup, type Markup, prose } from './markup.ts';
import { aboutOf, fieldsOf, kindOf, type Schemas, type Way } from './schema.ts';

/** Settings shared by all operations of a page. */
export interface PageSetting {
  schemas: Schemas;
  /** URL before the path of every request. */
  base: string;
  isAuthEnabled: boolean;
}

/** Example bodies of the curl commands, by operation. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  createInstance: { name: 'example', model_path: '/models/example.gguf', options: { ctx_size: 4096 } },
  updateInstance: { options: { threads: 8 }, aliases: ['gpt-4o-mini'] },
  renameInstance: { name: 'new-name' },
  estimateInstance: { options: { ctx_size: 32768 } },
  startAllInstances: { names: ['example'] },
  stopAllInstances: { names: ['example'] },
  restartAllInstances: { names: ['example'] },
  deleteAllInstances: { names: ['example'] },
  parseEngineCommand: { text: 'llama-server -m /models/example.gguf -c 4096' },
  stopInstance: { force: false, timeout: 30 },
  restartInstance: { timeout: 30 },
  estimate: { model: 'qwen3-8b-q4_k_m', options: { ctx_size: 32768 } },
  applyFleet: { version: 1, instances: [{ name: 'example', model_path: '/models/example.gguf' }] },
  updateConfig: { instances: { max_running: 2 } },
  createDownload: { model: 'ggml-org/gemma-3-4b-it-GGUF:Q4_K_M' },
  login: { username: 'admin', password: 'password' },
  loginBrowser: { username: 'admin', password: 'password' },
  changePassword: { current_password: 'old password', new_password: 'new password' },
  createUser: { username: 'ann', password: 'a long password', role: 'operator' },
  updateUser: { role: 'viewer' },
  createKey: { name: 'editor', scopes: ['inference'], instances: ['example'] },
};

/** Example values for path parameters. */
const PATH_EXAMPLES: Readonly<Record<string, string>> = {
  name: 'example',
  username: 'ann',
  id: 'ID',
  request_id: 'ID',
  download_id: 'ID',
};

/** An operation as one line, which opens to show the details. */
export function operationMarkup(located: Located, setting: PageSetting): Markup {
  const { method, path, operation, parameters } = located;
  const { operationId: id, requestBody, responses } = operation;
  const answers = Object.entries(responses);
  return markup`<details class="operation" id="${id}">
    <summary>
      <span class="method ${method.toLowerCase()}">${method}</span> <code class="path">${path}</code>
      <span class="summary">${prose(operation.summary)}</span>
    </summary>
    <div class="about">
      <p class="facts">
        <span><b>${id}</b></span> <span>who: <b>${operation['x-permission']}</b></span>
        <span>cost: <b>${operation['x-cost-class']}</b></span>
      </p>
      <pre class="curl"><code>${curlLine(located, setting.base, setting.isAuthEnabled)}</code></pre>
      ${
        parameters.length === 0
          ? null
          : markup`<h3>Parameters</h3>
              <dl>${parameters.map(parameterRow)}</dl>`
      }
      ${
        requestBody === undefined
          ? null
          : markup`<h3>Body${requestBody.required ? null : ' (may be left out)'}</h3>
              ${contentMarkup(requestBody.content, setting.schemas, 'sent')}`
      }
      ${answers
        .filter(([status]) => Number(status) < 400)
        .map(
          ([status, { content }]) =>
            markup`<h3>Answer <span class="status">${status}</span></h3>
              ${contentMarkup(content, setting.schemas, 'answered')}`,
        )}
      ${errorsMarkup(answers.filter(([status]) => Number(status) >= 400))}
    </div>
  </details> `;
}

function parameterRow({ name, in: place, required = false, description, schema }: DescribedParameter): Markup {
  const about = description === undefined ? schema : { ...schema, description };
  return markup`<div>
    <dt>
      <code>${name}</code>
      <span class="kind">${kindOf(schema)}, in the ${place}</span>${required ? markup` <span class="must">required</span>` : null}
    </dt>
    <dd>${aboutOf(about)}</dd>
  </div> `;
}

/** Content types with the same schema are shown once. */
function contentMarkup(content: Content, schemas: Schemas, way: Way): Markup {
  const forms = Map.groupBy(Object.entries(content), ([, { schema }]) => JSON.stringify(schema));
  return markup`${[...forms.values()].map((form) => {
    const schema = form[0]?.[1].schema ?? {};
    return markup`<p class="form">
        ${form.map(([type], index) => markup`${index === 0 ? null : ', '}<code>${type}</code>`)}: ${kindOf(schema)}
      </p>
      ${fieldsOf(schema, schemas, way)}`;
  })}`;
}

function errorsMarkup(answers: readonly (readonly [string, { description: string }])[]): Markup | null {
  if (answers.length === 0) return null;
  const rows = answers.map(
    ([status, { description }]) =>
      markup`<div>
        <dt><span class="status">${status}</span></dt>
        <dd>${description.split('\n\n').map((line) => markup`<p>${prose(line)}</p>`)}</dd>
      </div>`,
  );
  return markup`<details class="errors">
    <summary>Errors</summary>
    <dl>${rows}</dl>
  </details>`;
}

/**
 * A curl command for the request. The part of the URL before the path is marked, because the page's script replaces it.
 *
 * @param base URL before the path of every request.
 * @param isAuthenticated Whether authentication is on.
 */
function curlLine({ method, path, operation }: Located, base: string, isAuthenticated: boolean): Markup {
  const example = EXAMPLES[operation.operationId];
  const more = [
    ...(isAuthenticated && operation['x-permission'] !== 'public' ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(example === undefined ? [] : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(example)}'`]),
  ];
  const way = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PATH_EXAMPLES[name] ?? name);
  const rest = [way, ...more].join(' \\\n  ');
  return markup`curl ${method === 'GET' ? null : `-X ${method} `}<span class="base">${base}</span>${rest}`;
}
