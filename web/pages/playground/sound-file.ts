import { isCommonSound, wavOf } from './wav.ts';

/** Sound that an engine can read. */
export interface Sound {
  /** With the ending of its kind, by which some engines know it. */
  name: string;
  content: Blob;
}

/** Why a file is not taken. */
export type SoundProblem = 'too large' | 'no sound';

/** Bytes of a file at most: engines refuse larger ones. */
export const MOST_SOUND = 100_000_000;
/** Samples a second that models for speech read. */
const RATE = 16_000;

/** Reads a file of sound. Kinds that few engines read become WAV. */
export async function soundOf(file: File): Promise<Sound | SoundProblem> {
  if (file.size > MOST_SOUND) return 'too large';
  const begin = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  if (isCommonSound(begin)) return { name: file.name, content: file };
  const samples = await samplesOf(file);
  if (samples === null) return 'no sound';
  const name = `${file.name.replace(/\.[^.]*$/, '')}.wav`;
  return { name, content: new Blob([wavOf(samples, RATE)], { type: 'audio/wav' }) };
}

/** The sound of a file on one channel; `null`: the browser finds none in it. */
async function samplesOf(file: Blob): Promise<Float32Array | null> {
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    const [first = new Float32Array(), ...others] = Array.from({ length: sound.numberOfChannels }, (_, at) =>
      sound.getChannelData(at),
    );
    if (others.length === 0) return first;
    return first.map(
      (sample, at) => others.reduce((sum, other) => sum + (other[at] ?? 0), sample) / (others.length + 1),
    );
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
