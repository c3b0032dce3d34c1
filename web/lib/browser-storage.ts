/** Settings of this browser. They are a convenience: a browser that refuses storage only forgets them. */

const PREFIX = 'llamactl.';

/** `tab`: until the tab is closed. */
type Place = 'browser' | 'tab';

/** @throws {DOMException} The browser refuses storage. */
function storageOf(place: Place): Storage {
  return place === 'tab' ? sessionStorage : localStorage;
}

/** Reads a kept value. @param accepts Returns the value if it is valid, else `undefined`. */
export function kept<Value>(
  name: string,
  accepts: (value: unknown) => Value | undefined,
  place: Place = 'browser',
): Value | undefined {
  try {
    const text = storageOf(place).getItem(PREFIX + name);
    return text === null ? undefined : accepts(JSON.parse(text));
  } catch (error) {
    // Storage is refused, or another program wrote it.
    if (error instanceof DOMException || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keeps a JSON value for later visits; `undefined` forgets it. */
export function keep(name: string, value: unknown, place: Place = 'browser'): void {
  try {
    if (value === undefined) storageOf(place).removeItem(PREFIX + name);
    else storageOf(place).setItem(PREFIX + name, JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** Accepts one of several texts. */
export function oneOf<const Text extends string>(...texts: readonly Text[]): (value: unknown) => Text | undefined {
  return (value) => texts.find((text) => text === value);
}
