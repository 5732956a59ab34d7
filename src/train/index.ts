export { type AdamSettings, PAPER_ADAM } from './adam.ts';
export { type Corpus, type CorpusOptions, DEFAULT_CORPUS, readCorpus, splitCorpus } from './corpus.ts';
export { estimateTraining, type TrainingEstimate, type TrainingEstimateOptions } from './estimate.ts';
export { type GptShape, gptConfig, languageFeeds, languageModel, vectorFeeds, vectorModel } from './gpt.ts';
export { initialise } from './initialise.ts';
export type { Feeds, Initial, Numbers, Objective, Parameter } from './objective.ts';
export { batchOrder, joinDocuments, packSequences, type Sequences } from './packing.ts';
export { type TrainRun, type TrainRunOptions, trainModel } from './run.ts';
export { openTrainer, type Trainer, type TrainerState } from './trainer.ts';
