import type { ChatFile } from './conversation.ts';

/** Why a file is not taken. */
export type FileProblem = 'refused' | 'no vision' | 'too large';

/** Bytes of a text file at most: models read far less. */
const MOST_TEXT = 1_000_000;
/** Pixels of the longer side of an image at most: vision models scale down to less. */
const MOST_SIDE = 2_048;
/** Bytes up to which an image goes as it is. */
const SMALL_IMAGE = 1_500_000;

/** Reads a file for a question. @param hasVision Whether the instance reads images. */
export async function chatFile(file: File, hasVision: boolean): Promise<ChatFile | FileProblem> {
  if (file.type.startsWith('image/')) {
    return hasVision ? imageFile(file) : 'no vision';
  }
  if (file.size > MOST_TEXT) return 'too large';
  const bytes = new Uint8Array(await file.arrayBuffer());
  // A zero byte marks a program or an archive.
  if (bytes.includes(0)) return 'refused';
  return { kind: 'text', name: file.name, content: new TextDecoder().decode(bytes) };
}

/** Engines read PNG and JPEG of moderate size; others are drawn again. */
async function imageFile(file: File): Promise<ChatFile | FileProblem> {
  const isCommon = file.type === 'image/png' || file.type === 'image/jpeg';
  try {
    const picture = await createImageBitmap(file);
    const longest = Math.max(picture.width, picture.height);
    if (isCommon && file.size <= SMALL_IMAGE && longest <= MOST_SIDE) {
      return { kind: 'image', name: file.name, content: await dataUrl(file) };
    }
    const scale = Math.min(1, MOST_SIDE / longest);
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return { kind: 'image', name: file.name, content: canvas.toDataURL('image/jpeg', 0.9) };
  } catch (error) {
    // The browser does not know this kind of image.
    if (error instanceof DOMException) return 'refused';
    throw error;
  }
}

function dataUrl(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : ''));
    reader.addEventListener('error', () => reject(reader.error ?? new Error('The file was not read.')));
    reader.readAsDataURL(file);
  });
}
