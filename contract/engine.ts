import { z } from 'zod';

/** One option of an engine, as instances give it in `options`. */
export const EngineOptionSchema = z
  .object({
    key: z.string().describe('Its name in `options`, in snake_case. An engine may accept other names too.'),
    flags: z.array(z.string()).describe('The spellings on the command line of the engine, long ones first.'),
    type: z
      .enum(['switch', 'number', 'text', 'choice', 'list'])
      .describe('The kind of its value. `number` and `text` may accept words that only `description` lists.'),
    default: z
      .string()
      .nullable()
      .describe(
        "The default in the words of the engine's help: `4096`, `auto`, `same as --threads`; `null`: not given.",
      ),
    choices: z
      .array(z.string())
      .nullable()
      .describe('All allowed values of a `choice`, or of the items of a `list`; `null`: the help does not list them.'),
    group: z.string().nullable().describe("The section of the engine's help: `common`, `sampling`; `null`: none."),
    description: z.string().describe("The text of the engine's help, on one line."),
    variables: z.array(z.string()).describe('Environment variables of the engine that set it.'),
    guard: z
      .object({ kind: z.enum(['reserved', 'privileged']), why: z.string() })
      .nullable()
      .describe('Why instances may not set it, or only with `security.allow_privileged`; `null`: it is free.'),
  })
  .meta({ id: 'EngineOption' });
export type EngineOption = z.infer<typeof EngineOptionSchema>;

export const EngineOptionListSchema = z
  .object({
    options: z.array(EngineOptionSchema).describe("In the order of the engine's help; empty if they are unknown."),
    problem: z.string().nullable().describe('Why the options are unknown; `null`: they are known.'),
  })
  .meta({ id: 'EngineOptionList' });
export type EngineOptionList = z.infer<typeof EngineOptionListSchema>;

/** The program of an engine, as found on this machine. */
export const InstalledEngineSchema = z.object({
  program: z
    .string()
    .nullable()
    .describe('Path of the program; `null`: it was not found, or each instance gives its own `command`.'),
  version: z.string().nullable().describe('As the program reports it; `null`: unknown.'),
  problem: z.string().nullable().describe('Why the program is missing or cannot be read; `null`: no problem.'),
});
export type InstalledEngine = z.infer<typeof InstalledEngineSchema>;

export const EngineListSchema = z
  .object({
    engines: z.array(
      z
        .object({ id: z.string().describe('The `engine` of instances.'), ...InstalledEngineSchema.shape })
        .meta({ id: 'Engine' }),
    ),
  })
  .meta({ id: 'EngineList' });
