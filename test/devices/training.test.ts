import { describe } from 'vitest';
import { devices } from './devices.ts';
import { testTraining } from './training.ts';

describe.each(devices)('training on $name', testTraining);
