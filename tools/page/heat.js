// A heat map says what a cell is: to whoever points at it, and to whoever walks over it with the arrow
// keys.

function readOut(heat) {
  const grid = heat.querySelector('svg');
  const shares = grid.dataset.shares.split(';').map((row) => row.split(','));
  const [down, across] = ['.hl span', '.hc span'].map((names) => every(names, heat).map((name) => name.textContent));
  const named = across.length === down.length ? down : []; // a square map names rows and columns alike, but not all of the latter
  const said = element('p', {class: 'read', 'aria-live': 'polite'});
  const frame = document.createElementNS(grid.namespaceURI, 'rect');
  Object.entries({class: 'cursor', width: 1, height: 1}).forEach(([name, value]) => frame.setAttribute(name, value));
  heat.after(said);
  let at = [0, 0];

  const show = ([y, x]) => {
    const share = shares[y]?.[x];
    if (share === undefined) return;
    at = [y, x];
    frame.setAttribute('x', x);
    frame.setAttribute('y', y);
    grid.append(frame);
    said.textContent = `${down[y]} → ${across[x] || named[x] || x + 1}: ${share === '' ? 'nothing' : `${share}%`}`;
  };
  heat.closest('[role=img]')?.setAttribute('role', 'group'); // in a picture nothing could be reached
  grid.setAttribute('tabindex', 0);
  grid.setAttribute('role', 'img');
  grid.setAttribute('aria-label', 'cell by cell, with the arrow keys');
  grid.addEventListener('focus', () => show(at));
  grid.addEventListener('pointermove', (event) => {
    const box = grid.getBoundingClientRect();
    show([Math.floor(shares.length * (event.clientY - box.top) / box.height), Math.floor(shares[0].length * (event.clientX - box.left) / box.width)]);
  });
  grid.addEventListener('keydown', (event) => {
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (!step) return;
    event.preventDefault();
    show([at[0] + step[0], at[1] + step[1]]);
  });
}
