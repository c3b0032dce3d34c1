import type { Model } from '@llamactl/client';
import type { HubModel } from './go-settings.ts';

/** The quant in the name of a model file: `Q4_K_M` of `Qwen3-4B-Q4_K_M-00001-of-00002.gguf`. */
const QUANT = /[-._]((?:UD-)?(?:I?Q\d\w*|BF16|F16|F32|MXFP4\w*))(?:-\d{5}-of-\d{5})?\.gguf$/i;

/** The quants that llama-server prefers, if it gets none. */
const PREFERRED = ['q4_k_m', 'q8_0'];

/** The reference by which llamactl knows a model of Hugging Face's hub: `org/repo:Q4_K_M`. */
export function hubReference({ repository, file }: HubModel): string {
  const [, quant] = QUANT.exec(file) ?? [];
  return repository.includes(':') || quant === undefined ? repository : `${repository}:${quant}`;
}

/**
 * The name for a model of the hub in a setting: the reference of the model that the machine has, if the Go llamactl would
 * run that one. Else {@link hubReference}. Pure.
 */
export function modelSetting(hub: HubModel, models: readonly Pick<Model, 'ref' | 'path'>[]): string {
  const [repository = '', tag] = hub.repository.toLowerCase().split(':');
  const own = models.flatMap(({ ref, path }) =>
    ref?.toLowerCase().startsWith(`${repository}:`) === true ? [{ ref, path }] : [],
  );
  const quantOf = (ref: string): string => ref.slice(repository.length + 1).toLowerCase();
  const preferred = PREFERRED.flatMap((quant) => own.filter(({ ref }) => quantOf(ref) === quant));
  const named = hub.file.replaceAll('/', '_');
  const found =
    hub.file !== ''
      ? own.find(({ path }) => path.endsWith(`/${hub.file}`) || path.endsWith(`_${named}`))
      : tag === undefined
        ? (preferred[0] ?? own[0])
        : own.find(({ ref }) => [tag, `ud-${tag}`].includes(quantOf(ref)));
  return found?.ref ?? hubReference(hub);
}
