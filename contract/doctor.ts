import { z } from 'zod';
import { PhraseSchema } from './phrases.ts';
import { AlertSchema } from './system.ts';
import { RemedySchema } from './why.ts';

/** The checks of the doctor. */
export const DOCTOR_CHECKS = [
  'configuration',
  'data_dir',
  'disk',
  'database',
  'gpu',
  'engine',
  'devices',
  'service',
  'models',
  'port_range',
  'port',
  'open_files',
  'clock',
  'alert',
  'instance',
  'unfinished',
] as const;
export type DoctorCheck = (typeof DOCTOR_CHECKS)[number];

/** The result of one check. */
export const FindingSchema = z
  .object({
    id: z
      .enum(DOCTOR_CHECKS)
      .describe(
        'The thing that was checked. Some checks have several findings. `unfinished`: the checks took too long.',
      ),
    status: z
      .enum(['ok', 'warning', 'problem'])
      .describe('`warning`: it works, but may fail later or could be better. `problem`: it does not work.'),
    sentence: z.string().describe('The finding, for people.'),
    phrases: z
      .array(PhraseSchema)
      .optional()
      .describe('`sentence` as data, in its order; absent: a name, a path, or words of a program.'),
    alert: AlertSchema.pick({ code: true, level: true, cause: true })
      .optional()
      .describe('The alert that it repeats; absent: none.'),
    instance: z.string().optional().describe('The instance that it is about; absent: none.'),
    remedies: z.array(RemedySchema).describe('The steps against it, the best one first; empty: nothing to do.'),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof FindingSchema>;

/** Answer of `GET /system/doctor`. */
export const DoctorSchema = z
  .object({
    checked_at: z.iso.datetime().describe('When the checks began.'),
    duration: z.number().describe('How long they took, seconds.'),
    findings: z.array(FindingSchema),
  })
  .meta({ id: 'Doctor' });
export type Doctor = z.infer<typeof DoctorSchema>;
