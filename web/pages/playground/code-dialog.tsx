import { useState } from 'react';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useApp, useHasAccounts } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { chatBody } from './chat-body.ts';
import { shownTurns, type Conversation } from './conversation.ts';
import { CODE_KINDS, requestCode, type CodeKind } from './request-code.ts';

interface CodeDialogProps {
  conversation: Conversation;
  /** Id of an answer on the shown branches. */
  turn: string;
  onClose: () => void;
}

/** The request of an answer as a program. */
export function CodeDialog({ conversation, turn, onClose }: CodeDialogProps) {
  const words = useWords(playgroundWords);
  const { client } = useApp();
  const [kind, setKind] = useState<CodeKind>('curl');
  const turns = shownTurns(conversation).map((shown) => shown.turn);
  const at = turns.findIndex(({ id }) => id === turn);
  const answer = turns[at];
  const body = chatBody({ ...conversation, instance: answer?.instance ?? conversation.instance }, turns.slice(0, at));
  const needsKey = useHasAccounts();
  const code = requestCode(kind, { address: client.url, body, needsKey });
  return (
    <Dialog title={words.codeTitle} onClose={onClose} width={720}>
      <div className="flex flex-col gap-3">
        <div>
          <Segmented
            label={words.codeTitle}
            value={kind}
            choices={CODE_KINDS.map((value) => ({ value, label: words.codeKinds[value] }))}
            onChoose={setKind}
          />
        </div>
        <CodeBlock code={code} label={words.codeLabel} wraps />
        {needsKey && kind !== 'raw' && <p className="text-mute">{words.keyHint}</p>}
        {kind === 'raw' && answer !== undefined && (
          <>
            <p className="font-strong">{words.rawAnswer}</p>
            <CodeBlock code={answer.text} label={words.rawAnswer} wraps />
          </>
        )}
      </div>
    </Dialog>
  );
}
