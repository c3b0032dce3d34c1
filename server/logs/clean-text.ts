/** What must not reach a screen: all control characters but the tab, and what turns the direction of text. */
const CONTROLS = /(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Whether any of {@link CONTROLS} is in it. One class, no lookahead: it runs over every byte that an engine writes. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const HAS_CONTROL = /[\0-\x08\n-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** The same over many lines at once: a line feed is none. */
// oxlint-disable-next-line no-control-regex -- as above
const HAS_CONTROL_IN_LINES = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** Control sequences of terminals: with parameters (CSI), with text (OSC and the like), and the short ones. */
// oxlint-disable-next-line no-control-regex -- as above
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

const ELLIPSIS = '…';

/** Whether any line of a text needs {@link cleanLine}. */
export function needsCleaning(lines: string): boolean {
  return HAS_CONTROL_IN_LINES.test(lines);
}

/** As a terminal would show the line in the end: without control characters, and of overwritten text the last. */
export function cleanLine(line: string): string {
  if (!HAS_CONTROL.test(line)) return line;
  const plain = line.replace(SEQUENCES, '');
  const shown = plain.split('\r').findLast((part) => part !== '') ?? '';
  return shown.replace(CONTROLS, '');
}

/**
 * Shortens a text to at most `most` characters (UTF-16 units); the cut shows as an ellipsis.
 *
 * @param isCut something of it is missing already
 */
export function cutText(text: string, most: number, isCut = false): string {
  if (text.length <= most && !isCut) return text;
  // A character outside the basic plane is two units long: half of one is not left behind.
  const kept = text.slice(0, most - ELLIPSIS.length).replace(/[\ud800-\udbff]$/, '');
  return `${kept}${ELLIPSIS}`;
}
