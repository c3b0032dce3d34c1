import { Link } from '@tanstack/react-router';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Facts, Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useState } from 'react';
import { useHasAccounts, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instanceWords } from '../../words/instance.ts';
import { apiBase, SNIPPETS, snippetOf, type Snippet } from './snippets.ts';

/** The address, name and key for programs, and examples to copy. */
export function UseTab({ row }: { row: Row }) {
  const words = useWords(instanceWords).use;
  const [snippet, setSnippet] = useState<Snippet>('curl');
  const mayCall = useMay('operator');
  const needsKey = useHasAccounts();
  const base = apiBase(location.href);
  const { capabilities } = row;
  const isEmbedding = capabilities.includes('embeddings') && !capabilities.includes('chat');
  const code = snippetOf(snippet, { base, model: row.name, needsKey, isEmbedding });
  return (
    <div className="flex max-w-4xl flex-col gap-4">
      <Panel>
        <Facts
          facts={[
            [words.base, <Copied key="base" text={base} />],
            [words.model, <Copied key="model" text={row.name} />],
            [
              words.key,
              needsKey ? (
                <span key="key" className="-my-0.5 flex min-h-6 flex-wrap items-center gap-x-3">
                  {mayCall ? words.needsKey : words.mayNotCall}
                  {mayCall && (
                    <Link to="/access" className="inline-flex min-h-6 items-center text-accent hover:underline">
                      {words.makeKey}
                    </Link>
                  )}
                </span>
              ) : (
                <span key="key" className="flex min-h-5 items-center">
                  {words.noKey}
                </span>
              ),
            ],
          ]}
        />
        <p className="mt-2 text-mute">{row.on_demand ? words.starts : words.doesNotStart}</p>
      </Panel>
      <div className="flex min-w-0 flex-col gap-2">
        <span className="max-w-full overflow-x-auto">
          <Segmented
            label={words.snippets[snippet]}
            value={snippet}
            choices={SNIPPETS.map((value) => ({ value, label: words.snippets[value] }))}
            onChoose={setSnippet}
          />
        </span>
        <CodeBlock code={code} label={words.snippets[snippet]} />
        {snippet === 'openWebUi' && <p className="text-mute">{words.openWebUiHint}</p>}
      </div>
    </div>
  );
}

function Copied({ text }: { text: string }) {
  return (
    <span className="-my-1 flex min-w-0 items-center gap-1">
      <code className="min-w-0 break-all">{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
