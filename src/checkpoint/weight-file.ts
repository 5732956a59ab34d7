/** @file Which files of a folder hold weights, or an adapter. */

/**
 * The file with the weights, or the index of several files, in the order of transformers: a single
 * file before an index, which may be left over; safetensors before `pytorch_model.bin`. A single
 * safetensors file with any other name counts too. Undefined if there is none, or several without
 * an index.
 */
export function weightFile(names: readonly string[]): string | undefined {
  const single = names.filter(name => name.endsWith('.safetensors') && !isAdapter(name));
  const indices = names.filter(name => name.endsWith('.safetensors.index.json'));
  const candidates = [
    single.find(name => name === 'model.safetensors'),
    indices.find(name => name === 'model.safetensors.index.json'),
    single.length === 1 ? single[0] : undefined,
    indices.length === 1 ? indices[0] : undefined,
    single.length === 0 ? names.find(name => name === 'pytorch_model.bin') : undefined,
    single.length === 0 ? names.find(name => name === 'pytorch_model.bin.index.json') : undefined,
  ];
  return candidates.find(name => name !== undefined);
}

/**
 * Whether a file belongs to an adapter (LoRA and similar), as peft writes it with or without a
 * model.
 */
export function isAdapter(name: string): boolean {
  return /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/.test(name);
}
