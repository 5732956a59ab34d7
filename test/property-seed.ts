/**
 * @file Property tests draw the same values in every run of `npm test`, so that a failure comes
 * from a change of the code. `PROPERTY_SEED=random` draws others, as slow tests do, and
 * fast-check then prints the seed of a failure.
 */
import fc from 'fast-check';

const { PROPERTY_SEED: chosen = '221210559' } = process.env;
if (chosen !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(chosen) });
