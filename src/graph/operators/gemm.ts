import { type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';

interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** [M, N], added to the product while it is computed. */
  readonly plus?: Tensor;
}

const operator: Operator = {
  name: 'gemm',
  // With A' = op(A), B' = op(B): dA' = G B'^T, dB' = A'^T G, transposed back where op is a
  // transposition; dC = G.
  gradient: ({ inputs: [a, b], attributes }, g, wanted) => {
    const tA = attributes.transposeA === 1;
    const tB = attributes.transposeB === 1;
    return [
      !wanted(0)
        ? undefined
        : tA
          ? gemm(b!, g, { transposeA: tB, transposeB: true })
          : gemm(g, b!, { transposeB: !tB }),
      !wanted(1)
        ? undefined
        : tB
          ? gemm(g, a!, { transposeA: true, transposeB: tA })
          : gemm(a!, g, { transposeA: !tA }),
      g,
    ];
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'Gemm',
    operands: inputs,
    attributes: { transA: attributes.transposeA as number, transB: attributes.transposeB as number },
  }),
};

/**
 * op(a) op(b) + plus for matrices [M, K] and [K, N], where op transposes its operand or not. A
 * weight can so stay as the checkpoint stores it, [out, in].
 */
export function gemm(a: Tensor, b: Tensor, { transposeA = false, transposeB = false, plus }: GemmOptions = {}): Tensor {
  requireFloat(operator.name, a, b, ...(plus ? [plus] : []));
  if (a.shape.length !== 2 || b.shape.length !== 2) refuse(operator.name, [a, b], 'needs two matrices');
  const [m, k] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [l, n] = transposeB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (k !== l) refuse(operator.name, [a, b], `inner sizes differ (transposeA ${transposeA}, transposeB ${transposeB})`);
  if (plus && String(plus.shape) !== String([m, n]))
    refuse(operator.name, [a, b, plus], 'the shapes of plus and of the product differ');
  return operation(operator, plus ? [a, b, plus] : [a, b], [m, n], {
    attributes: { transposeA: transposeA ? 1 : 0, transposeB: transposeB ? 1 : 0 },
  });
}
