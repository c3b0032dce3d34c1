import { useMutation } from '@tanstack/react-query';
import { number } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { showError } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { apiWords } from '../../words/api.ts';
import type { Operation } from './api-document.ts';

/** Characters of an answer that are shown; the copy has all. */
const SHOWN = 100_000;

/** The answer to a request, as text. */
interface Sent {
  status: number;
  milliseconds: number;
  text: string;
}

/** Sends a request that only reads, with the token of this tab, and shows the answer. */
export function SendPanel({ operation, base }: { operation: Operation; base: string }) {
  const words = useWords(apiWords);
  const { logIn } = useApp();
  const sending = useMutation({
    mutationFn: async (): Promise<Sent> => {
      const token = await logIn.token();
      const headers = { accept: 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) };
      const began = performance.now();
      const response = await fetch(base + operation.path, { headers });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return {
        status: response.status,
        milliseconds: Math.round(performance.now() - began),
        text: isJson ? JSON.stringify(JSON.parse(text), null, 2) : text,
      };
    },
    onError: showError,
  });
  return (
    <div className="mt-2 flex flex-col gap-2">
      <div className="flex items-center gap-3">
        <Button size="small" icon="send" isPending={sending.isPending} onClick={() => sending.mutate()}>
          {words.send}
        </Button>
        <span className="text-mute">{words.sendHint}</span>
      </div>
      {sending.data !== undefined && <SentView sent={sending.data} />}
    </div>
  );
}

function SentView({ sent: { status, milliseconds, text } }: { sent: Sent }) {
  const words = useWords(apiWords);
  return (
    <div className="rounded-control border border-line" data-testid="answer">
      <div className="flex h-9 items-center gap-3 border-b border-line bg-panel pr-1 pl-3 pointer-coarse:h-12">
        <span role="status" className="figures">
          <VerdictMark verdict={status < 400 ? 'ok' : 'bad'}>{words.answered(status, milliseconds)}</VerdictMark>
        </span>
        <span className="min-w-0 grow truncate text-right text-mute">
          {text.length > SHOWN && words.cut(number(SHOWN), number(text.length))}
        </span>
        <CopyButton text={text} label={words.copyAnswer} />
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
      <pre tabIndex={0} aria-label={words.answerText} className="max-h-96 overflow-auto px-3 py-2">
        <code>{text.slice(0, SHOWN)}</code>
      </pre>
    </div>
  );
}
