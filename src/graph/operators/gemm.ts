import { type Operator, operation, refuse, requireFloat, type Tensor } from '../tensor.ts';

interface Transposed {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const operator: Operator = {
  name: 'gemm',
  // With A' = op(A), B' = op(B): dA' = G B'^T, dB' = A'^T G, transposed back where op is a transposition.
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
    ];
  },
  onnx: ({ inputs, attributes }) => ({
    opType: 'Gemm',
    operands: inputs,
    attributes: { transA: attributes.transposeA as number, transB: attributes.transposeB as number },
  }),
};

/** Product of two matrices, either of them transposed on the way: weights stay as the checkpoint stores them, [out, in]. */
export function gemm(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposed = {}): Tensor {
  requireFloat(operator.name, a, b);
  if (a.shape.length !== 2 || b.shape.length !== 2) refuse(operator.name, [a, b], 'needs two matrices');
  const [m, k] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [l, n] = transposeB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (k !== l) refuse(operator.name, [a, b], `inner sizes differ (transposeA ${transposeA}, transposeB ${transposeB})`);
  return operation(operator, [a, b], [m, n], {
    attributes: { transposeA: transposeA ? 1 : 0, transposeB: transposeB ? 1 : 0 },
  });
}
