import type { ReactNode } from 'react';
import { classNames } from '../../lib/class-names.ts';
import { isFieldAt, useMarkedPlace } from '../../lib/marked-place.ts';
import { useForm } from './form.ts';

interface FieldPlaceProps {
  /** Dotted paths of the settings in it. */
  paths: readonly string[];
  className?: string;
  children: ReactNode;
}

/** The place of a field in the form, to which links of remedies lead. */
export function FieldPlace({ paths, className, children }: FieldPlaceProps) {
  const { field, asked } = useForm();
  const isMarked = paths.some((path) => isFieldAt(field, path));
  const place = useMarkedPlace(isMarked, asked);
  return (
    <div ref={place} className={classNames(isMarked && 'marked', className)}>
      {children}
    </div>
  );
}
