/** The figures of a task of a study, by the end of their file names, with what they show. */
export const figureNames = {
  ladder: 'S of in-context learning with every finetuned arm, and the ceilings',
  matrix: 'S of in-context learning on one set with finetuning on another',
  rate: 'S and explained shift by learning rate, same against other demonstrations',
  size: 'S and explained shift by the size of the update',
  layers: 'shared variation and S by layer',
  shots: 'S and explained shift by the number of demonstrations',
  behaviour: 'S against explained shift over the finetuned arms',
} as const;
