import { CodeBlock } from '../../components/code-block.tsx';
import { Facts } from '../../components/panel.tsx';
import { Prose } from '../../components/prose.tsx';
import { useWords } from '../../lib/language.ts';
import { apiWords } from '../../words/api.ts';
import type { ApiDocument } from './api-document.ts';
import { KEY_VARIABLE } from './curl-line.ts';
import { useIsAuthEnabled } from './operation-view.tsx';

/** The API as a whole: its address, and how to send a key. */
export function ApiOverview({ document, base }: { document: ApiDocument; base: string }) {
  const words = useWords(apiWords);
  const isAuthEnabled = useIsAuthEnabled();
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <p className="text-form">
        <Prose text={document.info.description} />
      </p>
      <Facts
        facts={[
          [words.baseAddress, <code key="base" className="break-all">{`${base}/api`}</code>],
          [words.openAiAddress, <code key="open-ai" className="break-all">{`${base}/v1`}</code>],
        ]}
      />
      {isAuthEnabled ? (
        <div className="flex flex-col gap-2">
          <p>{words.keyHint}</p>
          <CodeBlock label={words.credentialsTitle} code={`export ${KEY_VARIABLE}=llk_…`} />
        </div>
      ) : (
        <p>{words.noCredentials}</p>
      )}
      <p className="hidden text-mute wide:block">{words.chooseOne}</p>
    </div>
  );
}
