import { useQuery } from '@tanstack/react-query';
import { useApp } from '../lib/app.ts';
import { useWords } from '../lib/language.ts';
import { logInWords } from '../words/log-in.ts';

/** Where the first password is, if accounts were turned on with a generated one. */
export function FirstPassword() {
  const words = useWords(logInWords);
  const { logIn } = useApp();
  const { data } = useQuery({ queryKey: ['first password'], queryFn: () => logIn.hasFirstPassword() });
  return data === true && <p className="mt-4 text-mute">{words.firstPassword}</p>;
}
