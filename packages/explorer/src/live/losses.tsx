import { LineChart } from '../charts/line-chart.tsx';

interface LossesProps {
  readonly losses: readonly number[];
  readonly ghost: readonly number[] | undefined;
}

/** The loss of each demonstration before its step of finetuning. */
export function Losses({ losses, ghost }: LossesProps) {
  if (losses.length === 0) return null;
  return (
    <section>
      <h2>Steps of finetuning</h2>
      <p>The mean cross-entropy of the tokens of each demonstration before its step, in nats.</p>
      <LineChart
        title="Loss by demonstration"
        xName="demonstration"
        yName="loss before the step, in nats"
        x0={1}
        lines={[
          ...(ghost && ghost.length > 0 ? [{ name: 'before', look: 'ghost', values: ghost }] : []),
          { name: 'loss', look: 'finetuned', values: losses },
        ]}
      />
    </section>
  );
}
