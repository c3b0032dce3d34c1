/**
 * Builds a path from a template and encodes its values, so that a name cannot lead to another path.
 *
 * @example path`/api/instances/${name}/start`
 * @throws {TypeError} If a value cannot be part of a URL path: an empty text, `.` or `..`.
 */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((before, part, index) => before + step(values[index - 1] ?? '') + part);
}

function step(value: string): string {
  // Even encoded, these mean the folder itself and the one above.
  if (value === '' || value === '.' || value === '..') {
    throw new TypeError(`${JSON.stringify(value)} is not a name: it must begin with a letter or digit.`);
  }
  // A lone half of a surrogate pair cannot be encoded.
  return encodeURIComponent(value.toWellFormed());
}
