/** Abort reason of a wait that the next server continues. */
export class Moved extends Error {
  override readonly name = 'Moved';
}
