export { type AdamSettings, PAPER_ADAM } from './adam.ts';
export { type Corpus, type CorpusOptions, DEFAULT_CORPUS, readCorpus, splitCorpus } from './corpus.ts';
export { type GptShape, gptConfig, languageFeeds, languageModel, vectorFeeds, vectorModel } from './gpt.ts';
export { initialise } from './initialise.ts';
export { batchOrder, joinDocuments, packSequences, type Sequences } from './packing.ts';
export type { Feeds, Initial, Numbers, Parameter, Problem } from './problem.ts';
export { openTrainer, type Trainer, type TrainerState } from './trainer.ts';
