import type { ReactNode } from 'react';
import { Td } from '../../components/table.tsx';

/** The facts of a row of a table in some lines, for a narrow screen. It leaves the room that the buttons need. */
export function NarrowCell({ children }: { children: ReactNode }) {
  // Without `max-w-0`, a cell is as wide as its longest line.
  return <Td className="w-full max-w-0 py-2">{children}</Td>;
}
