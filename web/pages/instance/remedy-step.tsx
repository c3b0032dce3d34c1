import { useNavigate } from '@tanstack/react-router';
import type { Remedy } from '@llamactl/client';
import { Button, type ButtonProps } from '../../components/button.tsx';
import { fieldOf, type RemedyPlace } from './remedies.ts';

/** The parts that remedies of an instance and of the doctor have in common. */

/** A place of a remedy that is no part of an instance. */
export type CommonPlace = Exclude<RemedyPlace, 'log' | 'edit'>;

/** A small button whose text may take several lines. */
export function StepButton(props: Omit<ButtonProps, 'size' | 'className'>) {
  return (
    <Button
      {...props}
      size="small"
      className="!h-auto min-h-7 max-w-full !shrink py-0.5 text-left !whitespace-normal"
    />
  );
}

/** Returns a function that opens the place of a remedy, and of the settings the named field. */
export function useOpenPlace(): (place: CommonPlace, remedy: Remedy) => void {
  const navigate = useNavigate();
  return (place, remedy) =>
    void (place === '/settings'
      ? navigate({ to: place, search: { field: fieldOf(remedy) } })
      : navigate({ to: place }));
}
