/** One Server-Sent Event. */
export interface ServerSentEvent {
  /** The name of the event; empty if it has none. */
  event: string;
  data: string;
}

/** Parses Server-Sent Events (HTML standard, 9.2) from text in chunks of any size. */
export class EventParser {
  #rest = '';
  /** How many characters of `#rest` were already searched for a line end. */
  #searched = 0;
  #event = '';
  #data: string[] = [];
  #isFirst = true;

  /** Adds a chunk of text and returns the events that it completes. */
  push(text: string): ServerSentEvent[] {
    this.#rest += this.#isFirst ? text.replace(/^\u{FEFF}/u, '') : text;
    this.#isFirst &&= text === '';
    const events: ServerSentEvent[] = [];
    let from = 0;
    const end = /\r\n|\n|\r(?!$)/g;
    end.lastIndex = this.#searched;
    for (let match = end.exec(this.#rest); match !== null; match = end.exec(this.#rest)) {
      const event = this.#take(this.#rest.slice(from, match.index));
      from = match.index + match[0].length;
      if (event !== null) events.push(event);
    }
    this.#rest = this.#rest.slice(from);
    // A carriage return at the end may be the first half of a line end.
    this.#searched = this.#rest.endsWith('\r') ? this.#rest.length - 1 : this.#rest.length;
    return events;
  }

  /** Adds a line. An empty line ends an event; an event without data is dropped. */
  #take(line: string): ServerSentEvent | null {
    if (line === '') {
      const event = { event: this.#event, data: this.#data.join('\n') };
      const isEvent = this.#data.length > 0;
      this.#event = '';
      this.#data = [];
      return isEvent ? event : null;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    if (field === 'event') this.#event = value;
    return null;
  }
}
