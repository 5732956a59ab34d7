/** @file Which files of a folder hold its weights, or an adapter's. */

/**
 * The file with the weights, or the index that names several, in the order of transformers: a single file goes before an index, which
 * may be left over from earlier; safetensors go before `pytorch_model.bin`. A single safetensors file of any other name counts too.
 * Undefined where there is none, or several and no index says what is where.
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

/** True for the files of an adapter (LoRA and its kin), as peft writes them beside or without a model. */
export function isAdapter(name: string): boolean {
  return /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/.test(name);
}
