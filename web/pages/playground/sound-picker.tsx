import { useEffect, useRef, useState } from 'react';
import { bytes } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { playgroundWords } from '../../words/playground.ts';
import { record, type MicrophoneProblem, type Recording } from './microphone.ts';
import { soundOf, type Sound, type SoundProblem } from './sound-file.ts';
import { Player } from './work-parts.tsx';

interface SoundPickerProps {
  /** `null`: none yet. */
  sound: Sound | null;
  onPick: (sound: Sound | null) => void;
}

interface Running extends Recording {
  /** Milliseconds since the epoch. */
  begun: number;
}

/** Takes sound from a file or from the microphone. */
export function SoundPicker({ sound, onPick }: SoundPickerProps) {
  const words = useWords(playgroundWords);
  const chooser = useRef<HTMLInputElement>(null);
  const [running, setRunning] = useState<Running | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  // The microphone must not stay on when the page is left, nor go on if the permission comes only afterwards.
  useEffect(() => running?.cancel, [running]);
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);
  const take = async (file: File): Promise<void> => {
    const read = await soundOf(file);
    if (typeof read === 'string') setProblem(soundSentence(read, file.name, words));
    else {
      setProblem(null);
      onPick(read);
    }
  };
  const begin = async (): Promise<void> => {
    setProblem(null);
    const recording = await record();
    if (isGone.current) {
      if (typeof recording !== 'string') recording.cancel();
      return;
    }
    if (typeof recording === 'string') setProblem(words.microphone[recording satisfies MicrophoneProblem]);
    else setRunning({ ...recording, begun: Date.now() });
  };
  const end = async (recording: Recording): Promise<void> => {
    const file = await recording.stop();
    setRunning(null);
    await take(file);
  };
  return (
    <section
      aria-label={words.sound}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const [file] = event.dataTransfer.files;
        if (file !== undefined) void take(file);
      }}
      className="flex flex-col gap-3 rounded-panel border border-dashed border-edge p-4"
    >
      <div className="flex flex-wrap items-center gap-2">
        <input
          ref={chooser}
          type="file"
          accept="audio/*,video/*"
          hidden
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            if (file !== undefined) void take(file);
            target.value = '';
          }}
        />
        <Button icon="upload" disabled={running !== null} onClick={() => chooser.current?.click()}>
          {words.chooseSound}
        </Button>
        {running === null ? (
          <Button icon="microphone" onClick={() => void begin()}>
            {words.record}
          </Button>
        ) : (
          <>
            <Button icon="stop" kind="danger" onClick={() => void end(running)}>
              {words.endRecording}
            </Button>
            <RecordedTime since={running.begun} />
          </>
        )}
        {sound === null && running === null && <span className="text-mute">{words.orDrop}</span>}
      </div>
      {problem !== null && (
        <p role="alert" className="flex items-start gap-1 text-bad">
          <Icon name="warning" size={14} className="mt-0.5" />
          <span className="min-w-0 break-words">{problem}</span>
        </p>
      )}
      {sound !== null && running === null && (
        <div className="flex min-w-0 flex-col gap-1">
          <span className="flex min-w-0 items-center gap-2">
            <span className="min-w-0 truncate" title={sound.name}>
              {sound.name}
            </span>
            <span className="figures shrink-0 text-mute">{bytes(sound.content.size)}</span>
            <IconButton icon="cross" label={words.removeFile(sound.name)} onClick={() => onPick(null)} />
          </span>
          <Player sound={sound.content} label={sound.name} />
        </div>
      )}
    </section>
  );
}

function soundSentence(problem: SoundProblem, name: string, words: (typeof playgroundWords)['en']): string {
  return problem === 'too large' ? words.soundTooLarge(name) : words.noSound(name);
}

function RecordedTime({ since }: { since: number }) {
  const words = useWords(playgroundWords);
  const seconds = Math.max(0, Math.floor((useNow(1) - since) / 1_000));
  return (
    <span className="figures flex items-center gap-2">
      <span aria-hidden className="size-2 rounded-full bg-bad" />
      {words.recorded(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`)}
    </span>
  );
}
