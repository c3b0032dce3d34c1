/** A field of a form, and where its value lies in the body. */
export interface FormField {
  /** As it is written: browsers, curl and others each escape in their own way. */
  name: string;
  start: number;
  end: number;
}

/** No form of an API has more; each costs a microsecond of everybody's time. */
const MOST_PARTS = 1_000;
const LONGEST_PART_HEAD = 8_192;
const BOUNDARY = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const DISPOSITION = /^content-disposition:[ \t]*form-data[ \t]*(;[^]*)$/i;
const FILE = /;[ \t]*filename\*?=/i;
const NAME = /;[ \t]*name=(?:"((?:[^"\\]|\\[^])*)"|([^\s;"]+))/i;
const DASH = 0x2d;

/** What separates the parts of a form with this content type; `null`: it is none, or does not say. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain ?? null;
}

/** The fields of a form that are no files, in their order. @throws {SyntaxError} for a body that is no such form, or broken off */
export function formFields(body: Buffer, boundary: string): FormField[] {
  const delimiter = `\r\n--${boundary}`;
  const fields: FormField[] = [];
  let at = afterFirstDelimiter(body, delimiter);
  for (let parts = 0; !isLast(body, at); parts += 1) {
    if (parts === MOST_PARTS) throw new SyntaxError(`the form has more than ${MOST_PARTS} parts`);
    const lineEnd = body.indexOf('\r\n', at);
    // behind the line of the delimiter come the headers, and a blank line; both may be one
    const headEnd = lineEnd === -1 ? -1 : body.indexOf('\r\n\r\n', lineEnd);
    if (headEnd === -1) throw new SyntaxError('the form breaks off');
    if (headEnd - at > LONGEST_PART_HEAD) throw new SyntaxError('a part of the form has too long headers');
    const end = delimiterFrom(body, delimiter, headEnd + 2);
    const name = fieldName(body.toString('utf8', lineEnd + 2, headEnd));
    const start = headEnd + 4;
    if (name !== null) fields.push({ name, start, end: Math.max(start, end) });
    at = end + delimiter.length;
  }
  return fields;
}

function afterFirstDelimiter(body: Buffer, delimiter: string): number {
  const line = delimiter.slice(2);
  if (body.toString('latin1', 0, line.length) === line && isDelimiterEnd(body, line.length)) return line.length;
  return delimiterFrom(body, delimiter, 0) + delimiter.length;
}

function delimiterFrom(body: Buffer, delimiter: string, from: number): number {
  let at = body.indexOf(delimiter, from, 'latin1');
  while (at !== -1 && !isDelimiterEnd(body, at + delimiter.length)) at = body.indexOf(delimiter, at + 2, 'latin1');
  if (at === -1) throw new SyntaxError('the form breaks off');
  return at;
}

/** Another boundary may begin with ours. */
function isDelimiterEnd(body: Buffer, at: number): boolean {
  return /^(?:--|[ \t]|\r\n)/.test(body.toString('latin1', at, at + 2));
}

function isLast(body: Buffer, at: number): boolean {
  return body[at] === DASH && body[at + 1] === DASH;
}

function fieldName(head: string): string | null {
  const line = head.split('\r\n').find((each) => DISPOSITION.test(each));
  const parameters = DISPOSITION.exec(line ?? '')?.[1];
  if (parameters === undefined || FILE.test(parameters)) return null;
  const [, quoted, plain] = NAME.exec(parameters) ?? [];
  return quoted ?? plain ?? null;
}
