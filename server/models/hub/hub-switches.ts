/** Whether a variable of Hugging Face's programs is switched on, as they read it. */
export function isOn(value: string | undefined): boolean {
  return /^(?:1|on|yes|true)$/i.test(value ?? '');
}
