/** What a formula is filled in with. */
export interface FormulaFacts {
  /** Of the project, for people. */
  homepage: string;
  /** Where the npm package can be downloaded. */
  url: string;
  /** Of the npm package, in hexadecimal digits. */
  sha256: string;
}

/**
 * The formula with the addresses and the checksum of a release.
 *
 * @param formula packaging/homebrew/llamactl.rb
 * @throws {Error} it has lost a line that is to be filled in
 */
export function filledFormula(formula: string, { homepage, url, sha256 }: FormulaFacts): string {
  return [
    ['homepage', homepage],
    ['url', url],
    ['sha256', sha256],
  ].reduce((text, [name, value]) => {
    const line = new RegExp(`^  ${name} ".*"$`, 'm');
    if (!line.test(text)) throw new Error(`the formula has no line for ${name}`);
    return text.replace(line, () => `  ${name} "${value}"`);
  }, formula);
}
