import type { Config } from '@llamactl/contract/config';
import { ApiError } from '@llamactl/contract/errors';
import { PASS_THROUGH, type PassThrough } from '@llamactl/contract/operations';
import { Answer } from '../answer.ts';
import { sendResult } from '../bind.ts';
import type { HttpApp, HttpReply, HttpRequest } from '../plugin.ts';
import { pathOf } from '../target.ts';
import { pageAnswer } from '../web-page/page-answer.ts';
import type { PageFiles } from '../web-page/page-file.ts';

/** Dependencies of the web page. */
export interface WebPageParts {
  config: Pick<Config, 'server'>;
  page: PageFiles;
}

const PAGE = 'index.html';

/** The page runs only its own scripts, talks only to its own server, and makes no HTML from text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Headers of every file. */
const FILE_HEADERS = { 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' };

const PAGE_HEADERS = {
  ...FILE_HEADERS,
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * The API reference: a place of the page. Relative, so that it is right under every prefix. It has no fragment, so browsers
 * keep the one of the address that they asked for, `/docs#createInstance`; the page leads to that operation.
 */
const API_REFERENCE = './?docs';

/** A copy may be kept, but has to be revalidated before each use. */
const REVALIDATED = { 'cache-control': 'no-cache' };
/** The name of an asset changes with its bytes. */
const LASTING = { 'cache-control': 'max-age=31536000, immutable' };

/** In a package the page is never missing. */
const UNBUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>llamactl</title>
<h1>The web page is not built</h1>
<p>llamactl is running, but this checkout has no build of its web page. Run this in the checkout, then load the page again:</p>
<pre>npm run build:web</pre>
<p>The API works without it: <a href="./api/openapi.json">description of the API for programs</a>.</p>
</html>
`;

/**
 * The web page at `/`, and `/docs`, which leads to its API reference. The page has hash URLs and relative addresses: it works under any prefix, also one that a proxy removes.
 * It reveals only the version of its build, so it is public.
 */
export function webPageRoutes(app: HttpApp, { config, page }: WebPageParts): void {
  const basePath = config.server.base_path.replace(/\/+$/, '');

  route(app, PASS_THROUGH.page, async (request) => {
    if (isWithoutSlash(request, basePath)) return toSlash(request, basePath);
    const file = await page.read(PAGE);
    return file === null ? unbuilt() : pageAnswer(PAGE, file, wantedBy(request), { ...PAGE_HEADERS, ...REVALIDATED });
  });
  route(app, PASS_THROUGH.documentation, async () => {
    if ((await page.read(PAGE)) === null) return unbuilt();
    return new Answer<never>({ kind: 'nothing' }, { location: API_REFERENCE, ...REVALIDATED }, 302);
  });

  route(app, PASS_THROUGH.pageAssets, async (request) => {
    const { '*': rest = '' } = request.params as { '*'?: string };
    return answer(request, `assets/${rest}`, LASTING);
  });
  route(app, PASS_THROUGH.pageIcon, async (request) => answer(request, 'icon.svg', REVALIDATED));
  route(app, PASS_THROUGH.pageManifest, async (request) => answer(request, 'manifest.webmanifest', REVALIDATED));

  async function answer(
    request: HttpRequest,
    name: string,
    caching: Readonly<Record<string, string>>,
  ): Promise<Answer<never>> {
    const file = await page.read(name);
    if (file !== null) return pageAnswer(name, file, wantedBy(request), { ...FILE_HEADERS, ...caching });
    throw new ApiError(
      'NOT_FOUND',
      'The web page has no such file. If the page asked for it, llamactl was updated: load the page again.',
    );
  }
}

function unbuilt(): Answer<never> {
  const headers = { ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return new Answer<never>({ kind: 'text', text: UNBUILT }, headers, 404);
}

function route(app: HttpApp, access: PassThrough, handle: (request: HttpRequest) => Promise<Answer<never>>): void {
  app.route({
    method: 'GET',
    url: access.path,
    config: { access },
    handler: async (request: HttpRequest, reply: HttpReply) => {
      const { content, headers, status } = await handle(request);
      return sendResult(reply, { content, headers, status: status ?? 200 });
    },
  });
}

function wantedBy({ headers, method }: HttpRequest): { headers: HttpRequest['headers']; isHead: boolean } {
  return { headers, isHead: method === 'HEAD' };
}

/** Whether a request is for the base path itself. The relative addresses of the page would then lead beside it. */
function isWithoutSlash({ originalUrl }: HttpRequest, basePath: string): boolean {
  return basePath !== '' && pathOf(originalUrl) === basePath;
}

function toSlash({ originalUrl }: HttpRequest, basePath: string): Answer<never> {
  const query = /\?.*$/s.exec(originalUrl)?.[0] ?? '';
  const headers = { location: `${basePath}/${query}`, ...REVALIDATED };
  return new Answer<never>({ kind: 'nothing' }, headers, 308);
}
