/** A file of the web page. */
export interface PageFile {
  /** Its bytes, compressed by gzip. */
  gzipped: Buffer;
  /** Changes with the bytes; without quotes. */
  tag: string;
}

/** The files of the web page. */
export interface PageFiles {
  /**
   * Reads a file. Nothing is read before the first request for it, so a server whose page is not used needs no memory
   * for it.
   *
   * @param name as in the build: `index.html`, `assets/page-1a2b.js`; may come from a caller
   * @returns `null`: there is no such file, or the page is not built
   */
  read(name: string): Promise<PageFile | null>;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  woff2: 'font/woff2',
};

/** The media type of a file; `null`: the page has no files of this kind. */
export function mediaTypeOf(name: string): string | null {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? null;
}
