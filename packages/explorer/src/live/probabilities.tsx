import { settingNames } from '../../../../src/setting/setting-name.ts';
import type { Shown } from './use-live.ts';

/** The probability of each label word in each setting, beside that of the last answer. */
export function Probabilities({ shown, ghost }: { readonly shown: Shown; readonly ghost: Shown | undefined }) {
  const { labels } = shown;
  const before = ghost !== undefined && ghost.labels.join() === labels.join() ? ghost : undefined;
  return (
    <section>
      <table class="probabilities">
        <caption>Label probabilities</caption>
        <thead>
          <tr>
            <th scope="col">setting</th>
            {labels.map(label => (
              <th key={label} scope="col">
                {label.trim()}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {settingNames.map(name => {
            const own = logProbabilities(shown, name);
            const old = before && logProbabilities(before, name);
            const best = own?.indexOf(Math.max(...own));
            return (
              <tr key={name} class={name}>
                <th scope="row">{name}</th>
                {labels.map((label, i) => (
                  <td key={label} data-value={own?.[i]} class={best === i ? 'best' : undefined}>
                    {own === undefined ? '…' : percent(own[i]!)}
                    {own !== undefined && <Bar of={Math.exp(own[i]!)} />}
                    {old !== undefined && <small class="ghost">before {percent(old[i]!)}</small>}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="help">
        The probability of the label word as the next token, among all tokens; of a word of several tokens the geometric
        mean. The most probable word of a setting is bold.
      </p>
    </section>
  );
}

function Bar({ of }: { readonly of: number }) {
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width={100 * of} height={4} />
    </svg>
  );
}

function logProbabilities({ answer }: Shown, name: string): readonly number[] | undefined {
  return answer.settings.find(setting => setting.name === name)?.logProbabilities;
}

function percent(logProbability: number): string {
  const value = 100 * Math.exp(logProbability);
  return value < 0.01 ? '< 0.01 %' : `${value.toFixed(value < 1 ? 2 : 1)} %`;
}
