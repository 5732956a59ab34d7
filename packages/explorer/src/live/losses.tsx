import { LineFigure } from '../../../../src/report/page/parts.tsx';
import { pointsFrom } from './points.ts';

interface LossesProps {
  readonly losses: readonly number[];
  readonly ghost: readonly number[] | undefined;
}

/** The loss of each demonstration before its step of finetuning. */
export function Losses({ losses, ghost = [] }: LossesProps) {
  if (losses.length === 0) return null;
  return (
    <section>
      <h2>Steps of finetuning</h2>
      <p>The mean cross-entropy of the tokens of each demonstration before its step, in nats.</p>
      <LineFigure
        chart={{
          title: 'Loss by demonstration',
          x: 'demonstration',
          y: 'loss before the step, in nats',
          panels: [
            {
              series: [
                ...(ghost.length > 0
                  ? [{ name: 'before', points: pointsFrom(1, ghost), tone: 'baseline', dashed: true } as const]
                  : []),
                { name: 'loss', points: pointsFrom(1, losses) },
              ],
            },
          ],
        }}
      />
    </section>
  );
}
