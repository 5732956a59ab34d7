import { BRANCH, type Branch, branchOf, joinModels } from '../../graph/onnx/branches.ts';
import type { Engine, EngineSession, EngineSessionRequest } from '../engine.ts';
import type { TensorData } from '../protocol.ts';

/** A session that callers have open, and how it is computed. */
interface Member {
  readonly request: EngineSessionRequest;
  /** Its branch of the joined session; undefined until there is one. */
  joined?: { readonly session: EngineSession<TensorData>; readonly branch: Branch; readonly number: number };
}

/** Sessions over the same sources. */
interface Group {
  readonly members: Set<Member>;
  session: EngineSession<TensorData> | undefined;
}

/**
 * An engine whose sessions over the same sources hold their weights once. Each of its own sessions
 * copies its weights, and WebAssembly has 4 GB. So graphs over the same sources become branches of
 * one session, which is opened by the first run of a graph that is not in it.
 */
export function shareWeights(engine: Engine<TensorData>): Engine<TensorData> {
  const groups = new Map<string, Group>();

  async function join(group: Group): Promise<void> {
    // Before the new session, so that the weights are there once.
    await group.session?.release();
    group.session = undefined;
    const members = [...group.members];
    const models = members.map(({ request }) => request.model);
    const name = members.map(({ request }) => request.name).join(', ');
    const session = await engine.openSession({ ...members[0]!.request, name, model: joinModels(name, models) });
    group.session = session;
    for (const [number, member] of members.entries()) {
      member.joined = { session, number, branch: branchOf(models[number]!, number) };
    }
  }

  return {
    ...engine,
    async openSession(request) {
      if (request.sources.length === 0) return engine.openSession(request);
      const key = [request.weightsRoot, request.prepack, ...request.sources].join('\n');
      const group: Group = groups.get(key) ?? { members: new Set(), session: undefined };
      groups.set(key, group);
      const member: Member = { request };
      group.members.add(member);
      const { inputs, outputs } = branchOf(request.model, 0);
      return {
        inputs,
        outputs: outputs.map(({ name }) => name),
        async run(feeds, wanted) {
          if (group.session === undefined || member.joined?.session !== group.session) await join(group);
          const { session, branch, number } = member.joined!;
          const own = new Map(branch.inputs.map(({ name, outside }) => [outside, feeds[name]!]));
          own.set(BRANCH, { type: 'int32', dims: [], data: Int32Array.of(number) });
          const all = session.inputs.map(input => [input.name, own.get(input.name) ?? emptyTensor(input)] as const);
          const names = new Map(branch.outputs.map(({ name, outside }) => [outside, name]));
          const outside = branch.outputs.filter(({ name }) => wanted.includes(name)).map(each => each.outside);
          const made = await session.run(Object.fromEntries(all), outside, {});
          return Object.fromEntries(Object.entries(made).map(([name, tensor]) => [names.get(name)!, tensor]));
        },
        async release() {
          group.members.delete(member);
          if (group.members.size > 0) return;
          groups.delete(key);
          await group.session?.release();
        },
      };
    },
  };
}

/** What a branch that is not chosen is fed: as few numbers as its shape allows. */
function emptyTensor({ type, shape }: EngineSession<TensorData>['inputs'][number]): TensorData {
  const dims = shape.map(size => (typeof size === 'number' ? size : 0));
  const count = dims.reduce((product, size) => product * size, 1);
  return type === 'int32'
    ? { type, dims, data: new Int32Array(count) }
    : { type: 'float32', dims, data: new Float32Array(count) };
}
