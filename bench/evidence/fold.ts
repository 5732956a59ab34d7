/**
 * @file What the fold of a `standard` study costs: time and memory, on arms of the embedded model's
 * shapes that hold random numbers.
 */
import { parseArgs } from 'node:util';
import { fillNormal, randomStream } from '../../src/statistics/random.ts';
import { readArm } from '../../src/study/evidence/arm.ts';
import { foldStudy } from '../../src/study/evidence/fold/fold-study.ts';
import type { ArmData } from '../../src/study/evidence/index.ts';
import { type PresetName, presets } from '../../src/study/evidence/presets.ts';
import { alike, type Sizes, studyOf, syntheticTask } from '../../test/evidence/synthetic-study.ts';

const { values } = parseArgs({ options: { preset: { type: 'string', default: 'standard' } } });
const preset = presets[values.preset as PresetName];
const { seeds, rows, behaviourRows, tasks, arms } = preset;
const sizes: Sizes = { seeds, rows, behaviourRows, layers: 30, heads: 9, hiddenSize: 576 };
/** Tokens of a query, as in SST-2. */
const TOKENS = 29;

const pool = fillNormal(randomStream(1), new Float32Array(2 ** 22));

/** Numbers that differ from arm to arm and share a part. */
function draw(length: number, index: number, shared: number): Float32Array {
  const numbers = new Float32Array(length);
  for (let at = 0; at < length; at++) {
    numbers[at] = pool[(at * 7 + index * 100_003) % pool.length]! + shared * pool[at % pool.length]!;
  }
  return numbers;
}

let reading = 0;
const study = studyOf(
  tasks.map((name, task) => {
    const data = syntheticTask(name, alike, [task], sizes, arms);
    const offsets = Array.from({ length: rows + 1 }, (_, i) => TOKENS * i);
    return {
      ...data,
      arm: async (id: string): Promise<ArmData> => {
        const start = performance.now();
        const index = data.plan.arms.indexOf(id);
        const arm: ArmData = {
          record: data.recordOf(readArm(id)),
          attentionOutput: draw(rows * sizes.layers * sizes.hiddenSize, index, id === 'Z' ? 0 : 0.5),
          scores: draw(TOKENS * rows * sizes.layers * sizes.heads, index + 1000, 0.5),
          offsets,
        };
        reading += performance.now() - start;
        return arm;
      },
    };
  }),
);

const start = performance.now();
const before = process.cpuUsage();
const result = await foldStudy(study);
const { user, system } = process.cpuUsage(before);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
console.log(
  `${values.preset}: ${result.tasks.length} tasks, ${study.plan.tasks.reduce((n, task) => n + task.arms.length, 0)} arms`,
);
console.log(
  `wall ${seconds(performance.now() - start)}, of which arms ${seconds(reading)}; processor ${seconds((user + system) / 1000)}`,
);
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024 ** 2).toFixed(2)} GiB`);
