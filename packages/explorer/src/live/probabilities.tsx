import { settingNames } from '../../../../src/setting/setting-name.ts';
import { percent, sharesOf } from './shares.ts';
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
            const shares = own && sharesOf(own);
            const oldShares = old && sharesOf(old);
            const best = own?.indexOf(Math.max(...own));
            return (
              <tr key={name} class={name}>
                <th scope="row">{name}</th>
                {labels.map((label, i) => (
                  <td key={label} data-value={own?.[i]} class={best === i ? 'best' : undefined}>
                    {shares === undefined ? '…' : percent(shares[i]!)}
                    {shares !== undefined && <Bar of={shares[i]!} />}
                    {own !== undefined && <small class="detail">{percent(Math.exp(own[i]!))} of all tokens</small>}
                    {oldShares !== undefined && <small class="detail">before {percent(oldShares[i]!)}</small>}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="help">
        The share of each label word in the probability of all label words; the largest of a setting is bold. Below it
        the probability of the word as the next token, among all tokens of the vocabulary. For a word of several tokens
        both use the geometric mean over its tokens.
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
