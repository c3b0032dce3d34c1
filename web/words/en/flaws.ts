/** Mistakes in the form of YAML and JSON. In English the parsers say them well. */
export const en = {
  /** @param code That of the YAML parser, or `JSON` or `JSON_END`. @param message The sentence of the parser. */
  flaw: (_code: string, message: string): string => message,
};
