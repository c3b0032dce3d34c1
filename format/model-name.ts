/** The model of an instance, as lists of instances have it. */
interface InstanceModel {
  /** The model in the list of models; `null`: the file is none of them. */
  model_info: { name: string } | null;
  /** As a person gave it. */
  model?: string | undefined;
  model_path?: string | undefined;
}

/** The id of a model in the list of models. */
const ID = /^[0-9a-f]{16}$/;

/** The end of a file name that the list of models leaves out: `.gguf`, also with the number of a part. */
const ENDING = /(?:-\d{5}-of-\d{5})?\.gguf$/i;

/** The name of the model for people, as in the list of models; `null`: the instance has no model. */
export function modelName({ model_info: info, model, model_path: file }: InstanceModel): string | null {
  if (info !== null) return info.name;
  const name = file?.split(/[\\/]/).at(-1)?.replace(ENDING, '');
  return model === undefined || (ID.test(model) && name !== undefined) ? (name ?? null) : model;
}
