// A circuit's graph: what carries less weight than wanted is left out, and so is what has nothing to
// do with the component that is searched for. Pointing at a connection reads it out.

function findInCircuit(figure) {
  const edges = every('.e', figure), nodes = every('.n', figure);
  const search = figure.querySelector('.search'), least = figure.querySelector('.least');
  const count = figure.querySelector('output'), readout = figure.querySelector('.read');
  const names = new Set(nodes.map((node) => node.dataset.name.toLowerCase()));
  // Whoever writes a component's whole name means it alone: `a1.h1`, and not `a1.h10`.
  const concerns = (edge, wanted) => (names.has(wanted) ? edge.replace(/ \(.*$/, '').split(' → ').includes(wanted)
    : edge.includes(wanted));
  const show = () => {
    const wanted = search.value.trim().toLowerCase(), floor = (Number(least.value) / 100) ** 2;
    let shown = 0;
    for (const edge of edges) {
      const fits = Number(edge.dataset.share) >= floor && (!wanted || concerns(edge.dataset.name.toLowerCase(), wanted));
      edge.classList.toggle('out', !fits);
      shown += fits;
    }
    for (const node of nodes)
      node.classList.toggle('found', wanted !== '' && (names.has(wanted) ? node.dataset.name.toLowerCase() === wanted : node.dataset.name.toLowerCase().includes(wanted)));
    count.textContent = `${shown.toLocaleString('en')} of ${edges.length.toLocaleString('en')} connections`;
  };
  search.addEventListener('input', show);
  least.addEventListener('input', show);
  figure.addEventListener('click', (event) => {
    const node = event.target.closest('.n');
    if (!node) return;
    search.value = search.value === node.dataset.name ? '' : node.dataset.name;
    show();
  });
  figure.addEventListener('pointerover', (event) => {
    const {name, share} = event.target.closest('.e, .n')?.dataset ?? {};
    if (name) readout.textContent = share === undefined ? name : `${name}: ${Math.round(1000 * share) / 10}% of the largest weight`;
  });
}
