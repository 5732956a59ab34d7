/** What each hypothesis asks, in a few words. */
export const QUESTIONS = {
  H1: 'same demonstrations rather than others',
  H2: 'more than shared words',
  H3: 'labels act alike',
  H4: 'order acts alike',
  H5: 'query-specific',
  H6: 'learned: trained less untrained',
  H7: 'predictions agree beyond chance',
  H8: 'layer-causal steps are nearer',
} as const;
