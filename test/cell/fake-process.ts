import { serveCells } from '../../src/cell/serve-cells.ts';
import { fakeKinds } from './fake-kind.ts';

serveCells(fakeKinds);
