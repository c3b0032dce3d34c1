import { createHash } from 'node:crypto';
import type { Config } from '@llamactl/contract/config';
import { openApiDocument } from '@llamactl/contract/openapi';
import { PASS_THROUGH } from '@llamactl/contract/operations';
import { apiPage } from '../api-page/page.ts';
import { SCRIPT } from '../api-page/script.ts';
import { STYLE } from '../api-page/style.ts';
import { FixedAnswer } from '../edge/fixed-answer.ts';
import { sendResult } from '../bind.ts';
import type { HttpApp } from '../plugin.ts';

/** The page loads only its own content, and no site may frame it. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Dependencies of the page. */
export interface ApiPageParts {
  config: Pick<Config, 'server' | 'auth'>;
  version: string;
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** `/docs`: the API as a page. It reveals only the version and address of this server, so it is public. */
export function apiPageRoutes(app: HttpApp, { config, version }: ApiPageParts): void {
  const setting = { base: baseOf(config.server), isAuthEnabled: config.auth.enabled };
  const page = new FixedAnswer(HEADERS, () => apiPage(openApiDocument(version), setting));
  app.route({
    method: 'GET',
    url: PASS_THROUGH.documentation.path,
    config: { access: PASS_THROUGH.documentation },
    handler: async ({ headers, method }, reply) => {
      const { content, headers: own, status } = await page.answer({ headers, isHead: method === 'HEAD' });
      return sendResult(reply, { content, headers: own, status: status ?? 200 });
    },
  });
}

/** The URL before `/api`, which the page shows if its script does not run. */
function baseOf({ public_url: publicUrl, host, port, base_path: basePath }: Config['server']): string {
  const isNamed = !['0.0.0.0', '::'].includes(host);
  const own = `http://${isNamed ? (host.includes(':') ? `[${host}]` : host) : '127.0.0.1'}:${port}${basePath}`;
  return (publicUrl === '' ? own : publicUrl).replace(/\/+$/, '');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
