/** Why a caller that waits is no longer waited with here: the next server goes on with it. */
export class Moved extends Error {
  override readonly name = 'Moved';
}
