/** The values for a formula. */
export interface FormulaFacts {
  /** The project's home page. */
  homepage: string;
  /** Download URL of the npm package. */
  url: string;
  /** Of the npm package, in hexadecimal digits. */
  sha256: string;
}

/**
 * Fills the URLs and the checksum of a release into the formula.
 *
 * @param formula packaging/homebrew/llamactl.rb
 * @throws {Error} a line to fill in is missing
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
