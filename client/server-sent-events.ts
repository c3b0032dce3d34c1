/** One event of a stream of them. */
export interface ServerSentEvent {
  /** Empty where it has none. */
  event: string;
  data: string;
}

/** Reads Server-Sent Events (the HTML standard, 9.2) out of text that comes in any pieces. */
export class EventParser {
  #rest = '';
  /** How much of the rest is known to hold no end of a line. */
  #searched = 0;
  #event = '';
  #data: string[] = [];
  #isFirst = true;

  /** The events that are whole now. */
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
    // A carriage return at the end may be half of a line's end.
    this.#searched = this.#rest.endsWith('\r') ? this.#rest.length - 1 : this.#rest.length;
    return events;
  }

  /** An empty line ends an event; one without data is none. */
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
