// Margins of a proof, case by case: a table that the eye reads by colour, a screen reader as
// numbers, and the arrow keys cell by cell.

const caseText = (one, position) => {
  const margin = one.margin === null ? '' : `, margin at least ${one.margin.toFixed(2)}`;
  return `position ${position}, ${one.text}: ${one.verdict}${margin}`;
};

function marginCell(one, position, block, least) {
  if (!one) return element('td', {class: 'none'}, element('span', {class: 'hidden'}, 'no such case'));
  const refuted = one.verdict === 'refuted';
  const cell = element('td', {class: `${one.verdict}${one === least ? ' least' : ''}`, tabindex: -1},
      element('span', {class: 'hidden'}, caseText(one, position)), refuted ? '×' : '');
  if (!refuted && one.margin !== null)
    cell.style.setProperty('--closeness', Math.max(0, 1 - one.margin / block.largest).toFixed(3));
  return cell;
}

blocks.margins = (block) => {
  const all = block.rows.flatMap((row) => row.cases);
  const least = all.filter((one) => one.verdict === 'proved').reduce((a, b) => (!a || b.margin < a.margin ? b : a), null);
  const readout = element('output', {'aria-live': 'polite'});
  const grid = [];
  const lines = block.rows.map((row) => {
    const cells = block.columns.map((text) => {
      const one = row.cases.find((other) => other.text === text);
      const cell = marginCell(one, row.position, block, least);
      cell.addEventListener('focus', () => show(one, row.position));
      cell.addEventListener('pointerenter', () => show(one, row.position));
      return cell;
    });
    grid.push(cells);
    return element('tr', {}, element('th', {scope: 'row'}, String(row.position)), ...cells);
  });
  const show = (one, position) => {
    readout.textContent = one ? caseText(one, position) + (one.closest ? `. Closest: ${one.closest}` : '') : '';
  };
  const headings = element('tr', {}, element('th', {scope: 'col'}, element('span', {class: 'hidden'}, 'position')),
      ...block.columns.map((text) => element('th', {scope: 'col'}, element('span', {class: 'hidden'}, text))));
  const table = element('table', {class: 'margins'}, element('caption', {}, block.caption),
      element('thead', {}, headings), element('tbody', {}, ...lines));
  walk(grid);
  if (least) show(least, block.rows.find((row) => row.cases.includes(least)).position);
  return element('figure', {class: 'proof'}, table, readout);
};

// One cell of the grid takes the tab key, the arrows go on from there.
function walk(grid) {
  grid[0][0].tabIndex = 0;
  grid.forEach((cells, y) => cells.forEach((cell, x) => cell.addEventListener('keydown', (event) => {
    const [down, right] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [0, 0];
    const next = grid[y + down]?.[x + right];
    if (!next || next === cell) return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  })));
}

blocks.closest = (block) => stepper('Inputs that come closest', block.cases.length,
    (i) => `: margin ${block.cases[i].margin === null ? 'none' : block.cases[i].margin.toFixed(4)}`,
    (i) => {
      const one = block.cases[i];
      return [element('p', {}, caseText(one, one.position)),
        element('p', {class: 'tokens'}, element('code', {}, one.closest))];
    });
