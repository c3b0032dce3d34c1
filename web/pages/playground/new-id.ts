/** Makes the id of a conversation or turn, without `randomUUID`, which browsers have only over HTTPS. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
