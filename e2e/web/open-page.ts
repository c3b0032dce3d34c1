import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { testBrowser } from '../../scripts/test-assets.ts';

/** The web page in a real browser, with everything that it complains of. */

const BROWSER = testBrowser();
/** Whether this machine has no browser, so that tests of pages are skipped. */
export const HAS_NO_BROWSER = 'missing' in BROWSER;

/** The two sizes of every page: a desk and a phone. */
export const DESK = { width: 1400, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Starts the browser of a test file. @throws {Error} This machine has none. */
export function startBrowser(): Promise<Browser> {
  if ('missing' in BROWSER) throw new Error(BROWSER.missing);
  // Its sandbox does not work for root; the pages are ours.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  // On these signals Playwright would end the whole process at once, before the bench has ended its engines.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  return chromium.launch({ executablePath: BROWSER.program, args, ...signals });
}

/** A request of a page to the API. */
export interface ApiRequest {
  method: string;
  /** With the query. */
  path: string;
}

/** A window with tabs that share their cookies. */
export class Window {
  readonly #context: BrowserContext;
  readonly #origin: string;
  readonly #complaints: string[] = [];
  readonly #allowed: RegExp[] = [];
  /** The requests to the API so far. */
  readonly requests: ApiRequest[] = [];

  private constructor(context: BrowserContext, origin: string) {
    this.#context = context;
    this.#origin = origin;
  }

  /** @param url The address of the page, without a hash. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Window> {
    const context = await browser.newContext({ viewport: DESK, locale: 'en-US', ...options });
    const window = new Window(context, new URL(url).origin);
    await context.exposeFunction('reportViolation', (text: string) => window.#complaints.push(`policy: ${text}`));
    await context.addInitScript({
      content: `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        reportViolation([violatedDirective, blockedURI, sample].join(' ')))`,
    });
    context.on('page', (page) => window.#watch(page));
    return window;
  }

  /** Opens a tab. @param hash The address in the page: `/instances?status=failed`. */
  async tab(url: string, hash = '/'): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(`${url}/#${hash}`);
    return page;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** Complaints with this text are expected from now on. */
  allow(text: RegExp): void {
    this.#allowed.push(text);
  }

  /** Console errors and warnings, violations of the policy, foreign and failed requests, in their order. */
  get complaints(): string[] {
    return this.#complaints.filter((text) => !this.#allowed.some((allowed) => allowed.test(text)));
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  #watch(page: Page): void {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.#complaints.push(`console: ${message.text()} ${message.location().url}`);
      }
    });
    page.on('pageerror', (error) => this.#complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== this.#origin && url.protocol.startsWith('http')) {
        this.#complaints.push(`foreign request: ${url.href}`);
      }
      if (/^\/(?:api|v1)\//.test(url.pathname)) {
        this.requests.push({ method: request.method(), path: url.pathname + url.search });
      }
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.#complaints.push(`answer: ${response.status()} ${response.url()}`);
    });
  }
}

/** Fills the log-in form of a page. */
export async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** The part of the answer of axe that tests show. */
interface Findings {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/**
 * Waits in the browser for transitions and animations that end by themselves. Those that only delay have no duration. What a
 * click opens begins to fade within two frames.
 */
const FADES_OVER = `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))).then(() => Promise.allSettled(
  document
    .getAnimations()
    .filter(({ effect }) => {
      const { duration, iterations } = effect.getComputedTiming();
      return duration > 0 && Number.isFinite(iterations);
    })
    .map(({ finished }) => finished),
)).then(() => {})`;

/** Checks a page for people with disabilities. Returns each broken rule with the first element that breaks it. */
export async function barriersOf(page: Page): Promise<string[]> {
  // A surface that still fades in has colours of too little contrast.
  await page.evaluate(FADES_OVER);
  await page.evaluate(axe.source);
  const found = await page.evaluate<Findings>(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`,
  );
  return found.violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
  );
}

/**
 * How many pixels the page is wider or taller than its window, whichever is more. Lists, tables and code scroll by
 * themselves, so this is 0.
 */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>(`(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
    Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight))(document.documentElement)`);
}
