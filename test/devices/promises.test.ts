import { describe } from 'vitest';
import { devices } from './devices.ts';
import { testPromises } from './promises.ts';

describe.each(devices)('promises of a runtime on $name', testPromises);
