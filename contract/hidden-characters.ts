/**
 * Characters that show nothing and change how the text around them reads, so that a line can say something else than it
 * shows: marks and overrides of direction, spaces of no width, separators of lines, invisible operators, annotations.
 * The inside of a character class, for regular expressions with and without the flags `u` and `v`.
 *
 * U+200C and U+200D are not among them: scripts such as Persian and Hindi, and emoji, need them.
 */
export const HIDDEN_CHARACTERS = String.raw`\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;

/** The tag characters, which spell ASCII invisibly; for a character class with the flag `u` or `v`. */
export const HIDDEN_TAGS = String.raw`\u{e0000}-\u{e007f}`;
