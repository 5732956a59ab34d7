import { openRuntime } from '../../../../src/web.ts';

const runtime = await openRuntime();
postMessage(runtime.threads);
