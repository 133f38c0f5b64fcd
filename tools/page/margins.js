// Margins of a proof: pointing at a case says what it is. One case takes the tab key, and the arrows
// go on from there.

function walkThrough(table) {
  const readout = table.parentElement.querySelector('.read');
  const grid = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll('td')]);
  const show = (cell) => {
    const closest = cell.dataset.closest;
    readout.textContent = cell.querySelector('.hidden').textContent + (closest ? `. Closest: ${closest}` : '');
  };
  grid.flat().forEach((cell) => {
    cell.addEventListener('focus', () => show(cell));
    cell.addEventListener('pointerenter', () => show(cell));
  });
  grid[0][0].tabIndex = 0;
  grid.forEach((cells, y) => cells.forEach((cell, x) => cell.addEventListener('keydown', (event) => {
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    const next = step && grid[y + step[0]]?.[x + step[1]];
    if (!next) return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  })));
}
