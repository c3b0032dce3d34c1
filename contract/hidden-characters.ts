/**
 * Invisible characters that can make a line look different from its content: direction marks and overrides, zero-width
 * spaces, line separators, invisible operators, annotations. This is the inside of a character class, for regular
 * expressions with and without the flags `u` and `v`.
 *
 * It leaves out U+200C and U+200D: scripts such as Persian and Hindi, and emoji, need them.
 */
export const HIDDEN_CHARACTERS = String.raw`\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;

/** The tag characters, which spell ASCII invisibly; for a character class with the flag `u` or `v`. */
export const HIDDEN_TAGS = String.raw`\u{e0000}-\u{e007f}`;
