/** Why there is no recording. */
export type MicrophoneProblem = 'insecure' | 'refused' | 'missing' | 'busy';

/** A recording under way. */
export interface Recording {
  /** Ends it, and returns the sound. */
  stop: () => Promise<File>;
  /** Ends it without a sound. */
  cancel: () => void;
}

/** Asks for the microphone, and records until `stop`. */
export async function record(): Promise<Recording | MicrophoneProblem> {
  // Browsers have it only over HTTPS and on the own machine.
  if (!('mediaDevices' in navigator)) return 'insecure';
  try {
    return recordingOf(await navigator.mediaDevices.getUserMedia({ audio: true }));
  } catch (error) {
    if (error instanceof DOMException) return problemOf(error);
    throw error;
  }
}

function problemOf({ name }: DOMException): MicrophoneProblem {
  if (name === 'NotFoundError') return 'missing';
  return name === 'NotAllowedError' || name === 'SecurityError' ? 'refused' : 'busy';
}

function recordingOf(stream: MediaStream): Recording {
  const recorder = new MediaRecorder(stream);
  const pieces: Blob[] = [];
  const { promise, resolve } = Promise.withResolvers<File>();
  recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
  recorder.addEventListener('stop', () => resolve(new File(pieces, 'recording.webm', { type: recorder.mimeType })));
  recorder.start();
  const end = (): void => {
    if (recorder.state !== 'inactive') recorder.stop();
    // The browser shows that the microphone is on until then.
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    stop: () => {
      end();
      return promise;
    },
    cancel: end,
  };
}
