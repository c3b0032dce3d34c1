import type { KeyCreated } from '@llamactl/client';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { EditorUse } from './editor-use.tsx';
import { addressOf, scopesCall, snippetOf, type Purpose } from './purposes.ts';

/** Shows a new key once, with texts to paste. */
export function MadeKey({ made, purpose, onClose }: { made: KeyCreated; purpose: Purpose; onClose: () => void }) {
  const words = useWords(accessWords);
  const [isCopied, setCopied] = useState(false);
  const [isWarned, setWarned] = useState(false);
  const copied = (): void => setCopied(true);
  const close = (): void => (isCopied || isWarned ? onClose() : setWarned(true));
  const base = addressOf(location.href, 'v1');
  const mayCall = scopesCall(made.info.scopes);
  return (
    <Dialog
      title={words.keyFor(made.info.name)}
      width={560}
      // A key that is not copied is lost.
      canClose={isCopied}
      onClose={onClose}
      footer={
        <>
          {isWarned && !isCopied && (
            <p role="alert" className="min-w-0 grow self-center text-bad">
              {words.notCopied}
            </p>
          )}
          <Button kind={isCopied ? 'primary' : 'normal'} onClick={close}>
            {isWarned && !isCopied ? words.closeUncopied : words.kept}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {/* A copy by hand counts too. */}
        <div className="flex flex-col gap-2" onCopy={copied}>
          <p className="font-strong text-warn">{words.shownOnce}</p>
          <div className="flex flex-wrap items-center gap-2 rounded-control border border-line bg-panel px-3 py-2">
            <code className="min-w-0 grow break-all">{made.key}</code>
            <CopyButton text={made.key} label={words.copyKey} hasWords isFirst onCopied={copied} />
          </div>
        </div>
        <section className="flex flex-col gap-2">
          <h3 className="font-strong">{words.howToUse}</h3>
          {purpose === 'editor' && mayCall ? (
            <EditorUse base={base} secret={made.key} instances={made.info.instances} onCopied={copied} />
          ) : (
            <ProgramUse made={made} purpose={purpose === 'editor' ? 'other' : purpose} onCopied={copied} />
          )}
        </section>
      </div>
    </Dialog>
  );
}

interface ProgramUseProps {
  made: KeyCreated;
  purpose: Exclude<Purpose, 'editor'>;
  onCopied: () => void;
}

/** The text to paste into a program that is no editor. */
function ProgramUse({ made: { key, info }, purpose, onCopied }: ProgramUseProps) {
  const words = useWords(accessWords);
  const page = location.href;
  const base = addressOf(page, 'v1');
  const isPrometheus = purpose === 'prometheus';
  return (
    <>
      <p className="text-mute">{words.snippets[purpose]}</p>
      <CodeBlock
        label={words.howToUse}
        code={snippetOf(purpose, key, page, info.scopes)}
        wraps={!isPrometheus}
        onCopied={onCopied}
      />
      {scopesCall(info.scopes) && !isPrometheus && (
        <p className="flex flex-wrap items-center gap-1 text-mute">
          {words.baseUrl} <code className="break-all">{base}</code>
          <CopyButton text={base} />
        </p>
      )}
    </>
  );
}
