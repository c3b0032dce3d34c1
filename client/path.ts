/**
 * A path from a template: what stands in it is encoded, so that no name leads elsewhere.
 *
 * @example path`/api/instances/${name}/start`
 * @throws {TypeError} for what no URL can carry there: nothing at all, `.` and `..`
 */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((before, part, index) => before + step(values[index - 1] ?? '') + part);
}

function step(value: string): string {
  // A URL has no way to say these: even encoded they mean the folder itself, and the one above.
  if (value === '' || value === '.' || value === '..') {
    throw new TypeError(`${JSON.stringify(value)} is no name: it must begin with a letter or digit.`);
  }
  // A lone half of a surrogate pair cannot be encoded.
  return encodeURIComponent(value.toWellFormed());
}
