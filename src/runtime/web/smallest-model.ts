import { encodeMessage, type Writer } from '../../graph/onnx/protobuf.ts';

/** An ONNX model that a session opens on in no time: y = x, float32 []. */
export function smallestModel(): Uint8Array {
  const FLOAT = 1;
  const scalar = (to: Writer, name: string) => {
    to.string(1, name);
    to.message(2, type =>
      type.message(1, tensor => {
        tensor.int(1, FLOAT);
        tensor.message(2, () => undefined);
      }),
    );
  };
  return encodeMessage(model => {
    model.int(1, 9);
    model.message(7, graph => {
      graph.message(1, node => {
        node.string(1, 'x');
        node.string(2, 'y');
        node.string(4, 'Identity');
      });
      graph.string(2, 'smallest');
      graph.message(11, input => scalar(input, 'x'));
      graph.message(12, output => scalar(output, 'y'));
    });
    model.message(8, opset => opset.int(2, 20));
  });
}
