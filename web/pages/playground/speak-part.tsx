import { useState } from 'react';
import { IconButton } from '../../components/icon-button.tsx';
import { TextArea, TextField } from '../../components/field.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { playgroundWords } from '../../words/playground.ts';
import { useWork } from './use-work.ts';
import { Player, WorkButton, WorkResult } from './work-parts.tsx';

/** A text, spoken. */
export function SpeakPart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const { client } = useApp();
  const [text, setText] = useState('');
  const [voice, setVoice] = useState('');
  const work = useWork(async (input: string, signal) => {
    const body = {
      model: instance,
      input,
      response_format: 'wav',
      ...(voice.trim() === '' ? {} : { voice: voice.trim() }),
    };
    const answer = await client.requestBlob('POST', '/v1/audio/speech', { body, signal, retries: 0 });
    return answer.body.type.startsWith('audio/') ? answer.body : answer.body.slice(0, answer.body.size, 'audio/wav');
  }, words.noSpeech);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') work.run(text.trim());
      }}
      className="flex flex-col gap-4"
    >
      <p className="text-mute">{words.speakHint}</p>
      <TextArea
        label={words.speakText}
        rows={4}
        dir="auto"
        className="[&_textarea]:max-h-80"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <TextField
        label={words.voice}
        hint={words.voiceHint}
        value={voice}
        autoComplete="off"
        spellCheck={false}
        className="wide:max-w-xs"
        onChange={({ target }) => setVoice(target.value)}
      />
      <WorkButton work={work} disabled={text.trim() === ''}>
        {words.speak}
      </WorkButton>
      <WorkResult
        work={work}
        instance={instance}
        title={words.speech}
        actions={(sound) => (
          <IconButton
            icon="download"
            label={words.saveSpeech}
            onClick={() => saveFile(`speech.${endingOf(sound.type)}`, sound, sound.type)}
          />
        )}
      >
        {(sound) => <Player sound={sound} label={words.speech} />}
      </WorkResult>
    </form>
  );
}

/** Some engines answer in another kind than they were asked for. */
function endingOf(type: string): string {
  const [, kind = 'wav'] = /^audio\/(?:x-)?(\w+)/.exec(type) ?? [];
  return kind === 'mpeg' ? 'mp3' : kind;
}
