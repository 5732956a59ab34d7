import { describe } from 'vitest';
import { devices } from './devices.ts';
import { testModels } from './models.ts';

describe.each(devices)('golden checkpoints on $name', testModels);
