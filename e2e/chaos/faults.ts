/** Something that may never be. */
export interface Fault {
  /** The invariant that is broken: the same word for the same one, whatever it was about. */
  kind: FaultKind;
  what: string;
  /** The mark of the step that was taken last. */
  mark: number;
}

export type FaultKind =
  | 'two runs of an instance'
  | 'more runs than slots'
  | 'a run started twice'
  | 'the server died'
  | 'the server says that it is at fault'
  | 'a call without an end'
  | 'a call cut without a cause'
  | 'an answer that may not be'
  | 'a request without an end'
  | 'a wrong answer to a request'
  | 'events out of order'
  | 'a log out of order'
  | 'no rest'
  | 'a promise that was not kept'
  | 'a lease that was not given back'
  | 'the suite itself';

/** What went wrong, in the order in which it was seen. */
export class Faults {
  readonly all: Fault[] = [];
  mark = 0;

  add(kind: FaultKind, what: string): void {
    this.all.push({ kind, what, mark: this.mark });
  }

  get first(): Fault | null {
    return this.all[0] ?? null;
  }
}
