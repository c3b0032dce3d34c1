import { useState } from 'react';
import { CopyButton } from '../../components/copy-button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { TextField } from '../../components/field.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { playgroundWords } from '../../words/playground.ts';
import { transcriptOf } from './media-answers.ts';
import type { Sound } from './sound-file.ts';
import { SoundPicker } from './sound-picker.tsx';
import { useWork } from './use-work.ts';
import { WorkButton, WorkResult } from './work-parts.tsx';

/** The text of a file of sound, or of a recording. */
export function TranscribePart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const { client } = useApp();
  const [sound, setSound] = useState<Sound | null>(null);
  const [language, setLanguage] = useState('');
  const work = useWork(async ({ name, content }: Sound, signal) => {
    const form = new FormData();
    // The model comes first, so that the server knows it before the file has come.
    form.append('model', instance);
    if (language.trim() !== '') form.append('language', language.trim());
    form.append('response_format', 'json');
    form.append('file', content, name);
    const { body } = await client.request('POST', '/v1/audio/transcriptions', { form, signal, retries: 0 });
    return transcriptOf(body);
  }, words.noTranscription);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (sound !== null) work.run(sound);
      }}
      className="flex flex-col gap-4"
    >
      <p className="text-mute">{words.transcribeHint}</p>
      <SoundPicker sound={sound} onPick={setSound} />
      <TextField
        label={words.spokenLanguage}
        hint={words.spokenLanguageHint}
        value={language}
        autoComplete="off"
        spellCheck={false}
        className="wide:max-w-xs"
        onChange={({ target }) => setLanguage(target.value)}
      />
      <WorkButton work={work} disabled={sound === null}>
        {words.transcribe}
      </WorkButton>
      <WorkResult
        work={work}
        instance={instance}
        title={words.transcript}
        actions={(text) => (
          <>
            <CopyButton text={text} label={words.copyText} />
            <IconButton
              icon="download"
              label={words.saveTranscript}
              onClick={() => saveFile('transcript.txt', text, 'text/plain')}
            />
          </>
        )}
      >
        {(text) =>
          text === '' ? (
            <p className="text-mute">{words.noSpeechHeard}</p>
          ) : (
            <p dir="auto" className="text-form [overflow-wrap:anywhere] whitespace-pre-wrap">
              {text}
            </p>
          )
        }
      </WorkResult>
    </form>
  );
}
