/** Saves a text or bytes as a file of the user. @param type Its media type. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it in a later turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
