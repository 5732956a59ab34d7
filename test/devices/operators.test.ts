import { describe } from 'vitest';
import { devices } from './devices.ts';
import { testOperators } from './operators.ts';

describe.each(devices)('operators on $name', testOperators);
