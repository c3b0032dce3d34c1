import { useState } from 'react';
import { PageBody } from '../../components/page-header.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { SpeakPart } from './speak-part.tsx';
import { TranscribePart } from './transcribe-part.tsx';

const KINDS = ['transcribe', 'speak'] as const;

/** Speech to text, and text to speech. */
export function AudioPart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const [kind, setKind] = useState<(typeof KINDS)[number]>('transcribe');
  return (
    <PageBody>
      <div className="mx-auto flex max-w-4xl flex-col gap-4 pt-4">
        <div>
          <Segmented
            label={words.audioKind}
            value={kind}
            choices={KINDS.map((value) => ({ value, label: words.audioKinds[value] }))}
            onChoose={setKind}
          />
        </div>
        {kind === 'transcribe' ? <TranscribePart instance={instance} /> : <SpeakPart instance={instance} />}
      </div>
    </PageBody>
  );
}
