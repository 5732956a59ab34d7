/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Sorting, filtering, saving and hovering. The report holds the text of this function, so it uses
 * nothing from outside it.
 *
 * @param part what is enhanced, where other parts already are
 */
export function enhance(root: Document, part: ParentNode = root): void {
  const hasTip = root.querySelector('[role=tooltip]') !== null;
  const tip = root.createElement('div');
  tip.setAttribute('role', 'tooltip');
  tip.hidden = true;
  const showTip = (event: PointerEvent) => {
    const marked = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
    tip.hidden = marked === null;
    if (marked === null) return;
    tip.textContent = marked.getAttribute('data-tip');
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 12, root.documentElement.clientWidth - width - 4);
    const below = event.clientY + 16;
    const top = below + height > root.documentElement.clientHeight ? event.clientY - height - 12 : below;
    tip.style.left = `${Math.max(left, 0)}px`;
    tip.style.top = `${Math.max(top, 0)}px`;
  };
  if (!hasTip) {
    root.body.append(tip);
    root.addEventListener('pointermove', showTip);
  }

  const save = (name: string, type: string, text: string) => {
    const link = root.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  // An opened prompt shows the text once more, as tokens.
  const textOf = (cell: Element) => (cell.querySelector('summary') ?? cell).textContent ?? '';
  const plainOf = (cell: Element) => cell.getAttribute('data-value') ?? textOf(cell);
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  for (const data of part.querySelectorAll('.data')) {
    const table = data.querySelector('table')!;
    const body = table.tBodies[0]!;
    const rows = [...body.rows];
    const heads = [...table.tHead!.rows[0]!.cells];

    for (const [column, head] of heads.entries()) {
      const button = root.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') === 'ascending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const keyed = rows.map(row => {
          const text = plainOf(row.cells[column]!);
          const number = Number.parseFloat(text.replace('\u2212', '-'));
          return { row, text, number };
        });
        const numeric = head.classList.contains('number');
        keyed.sort((a, b) => {
          // What has no number comes last, whichever way it is sorted.
          if (numeric && Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
          const order = numeric ? a.number - b.number || 0 : a.text.localeCompare(b.text);
          return down ? -order : order;
        });
        body.append(...keyed.map(({ row }) => row));
      });
    }

    const tools = data.querySelector<HTMLElement>('.tools')!;
    tools.hidden = false;
    const group = tools.querySelector<HTMLSelectElement>('[data-filter=group]');
    const search = tools.querySelector<HTMLInputElement>('[data-filter=text]');
    const status = tools.querySelector('[role=status]');
    const filter = () => {
      const wanted = group?.value ?? '';
      const words = (search?.value ?? '').toLowerCase();
      let shown = 0;
      for (const row of rows) {
        const text = [...row.cells].map(textOf).join(' ').toLowerCase();
        row.hidden = !((wanted === '' || row.dataset.group === wanted) && text.includes(words));
        if (!row.hidden) shown++;
      }
      if (status) status.textContent = `${shown} of ${rows.length} rows`;
    };
    group?.addEventListener('change', filter);
    search?.addEventListener('input', filter);
    if (status) filter();

    tools.querySelector('[data-save=csv]')?.addEventListener('click', () => {
      const lines = [
        heads.map(head => field(head.textContent ?? '')),
        ...[...body.rows].filter(row => !row.hidden).map(row => [...row.cells].map(cell => field(plainOf(cell)))),
      ];
      save('dualform.csv', 'text/csv', lines.map(line => `${line.join(',')}\r\n`).join(''));
    });
  }

  for (const button of part.querySelectorAll<HTMLElement>('[data-save=json]')) {
    button.addEventListener('click', () =>
      save('dualform.json', 'application/json', root.getElementById('dualform-data')?.textContent ?? ''),
    );
    button.closest<HTMLElement>('.tools')!.hidden = false;
  }
}
