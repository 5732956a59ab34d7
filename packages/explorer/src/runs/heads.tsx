/** The head of a table: one name a column. @param numbers the columns that hold numbers */
export function Heads({
  names,
  numbers = [],
}: {
  readonly names: readonly string[];
  readonly numbers?: readonly string[];
}) {
  return (
    <thead>
      <tr>
        {names.map(name => (
          <th key={name} scope="col" class={numbers.includes(name) ? 'number' : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
