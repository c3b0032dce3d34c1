import type { JsonValue } from '@llamactl/client';
import { useState } from 'react';
import { isSame } from './settings-document.ts';

/** How a control writes and reads a value. */
export interface Writing {
  write: (value: JsonValue | undefined) => string;
  /** `undefined`: the default. */
  read: (text: string) => JsonValue | undefined;
}

/**
 * The text of a control. It stays as typed (`1.`, a line that is not complete) while it means the value; another value, as
 * of a suggestion, replaces it.
 */
export function useTypedText(
  value: JsonValue | undefined,
  { write, read }: Writing,
  set: (value: JsonValue | undefined) => void,
): [string, (text: string) => void] {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed !== null && isSame(read(typed), value) ? typed : write(value);
  const change = (next: string): void => {
    setTyped(next);
    set(read(next));
  };
  return [text, change];
}
