import type { InferenceSession } from 'onnxruntime-node';

/** How onnxruntime runs every graph. */
export function sessionOptions(request: {
  readonly provider: InferenceSession.ExecutionProviderConfig;
  readonly threads: number;
  readonly weightsRoot: string | undefined;
  readonly prepack: boolean;
}): InferenceSession.SessionOptions {
  const { provider, threads, weightsRoot, prepack } = request;
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: true,
    // Dimensions are dynamic: the memory pattern of one length does not fit the next, and it needs
    // memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Nested keys are joined by dots: `session.disable_prepacking`.
    extra: {
      session: {
        ...(weightsRoot === undefined ? {} : { model_external_initializers_file_folder_path: weightsRoot }),
        disable_prepacking: prepack ? '0' : '1',
        // Spinning threads would take the processors from other sessions and from the parent.
        force_spinning_stop: '1',
      },
    },
  };
}
