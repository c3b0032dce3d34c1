import type { KeyCreated } from '@llamactl/client';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { addressOf, scopesCall, snippetOf, type Purpose } from './purposes.ts';

/** Shows a new key once, with a text to paste. */
export function MadeKey({ made, purpose, onClose }: { made: KeyCreated; purpose: Purpose; onClose: () => void }) {
  const words = useWords(accessWords);
  const page = location.href;
  return (
    <Dialog
      title={words.keyFor(made.info.name)}
      width={560}
      canClose={false}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          {words.kept}
        </Button>
      }
    >
      <div className="flex flex-col gap-5">
        <div className="flex flex-col gap-2">
          <p className="font-strong text-warn">{words.shownOnce}</p>
          <div className="flex flex-wrap items-center gap-2 rounded-control border border-line bg-panel px-3 py-2">
            <code className="min-w-0 grow break-all">{made.key}</code>
            <CopyButton text={made.key} label={words.copyKey} hasWords />
          </div>
        </div>
        <section className="flex flex-col gap-2">
          <h3 className="font-strong">{words.howToUse}</h3>
          <p className="text-mute">{words.snippets[purpose]}</p>
          <CodeBlock
            label={words.howToUse}
            code={snippetOf(purpose, made.key, page, made.info.scopes)}
            wraps={purpose !== 'prometheus'}
          />
          {scopesCall(made.info.scopes) && purpose !== 'prometheus' && (
            <p className="flex flex-wrap items-center gap-1 text-mute">
              {words.baseUrl} <code className="break-all">{addressOf(page, 'v1')}</code>
              <CopyButton text={addressOf(page, 'v1')} />
            </p>
          )}
        </section>
      </div>
    </Dialog>
  );
}
