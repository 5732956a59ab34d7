/** Names of inputs and outputs that several graphs share. */
export const names = {
  tokens: 'tokens',
  positions: 'positions',
  slots: 'slots',
  places: 'places',
  ownPositions: 'own_positions',
  prefixLogWeight: 'prefix.log_weight',
  prefixPositions: 'prefix.positions',
  prefixKey: (layer: number) => `prefix.layers.${layer}.key`,
  prefixValue: (layer: number) => `prefix.layers.${layer}.value`,
  key: (layer: number) => `layers.${layer}.key`,
  value: (layer: number) => `layers.${layer}.value`,
  attentionOutput: (layer: number) => `layers.${layer}.attention_output`,
  attentionScores: (layer: number) => `layers.${layer}.attention_scores`,
  query: (layer: number) => `layers.${layer}.query`,
  tapRows: 'tap_rows',
  logits: 'logits',
} as const;
