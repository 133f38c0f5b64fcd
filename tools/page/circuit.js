// A circuit's graph: what carries less weight than wanted is left out, and so is what has nothing to
// do with the component that is searched for. Pointing at a connection reads it out.

function findInCircuit(figure) {
  const edges = every('.e', figure), nodes = every('.n', figure);
  const search = figure.querySelector('.search'), least = figure.querySelector('.least');
  const count = figure.querySelector('output'), readout = figure.querySelector('.read');
  const show = () => {
    const wanted = search.value.trim().toLowerCase(), floor = (Number(least.value) / 100) ** 2;
    let shown = 0;
    for (const edge of edges) {
      const fits = Number(edge.dataset.share) >= floor && (!wanted || edge.dataset.name.toLowerCase().includes(wanted));
      edge.classList.toggle('out', !fits);
      shown += fits;
    }
    for (const node of nodes)
      node.classList.toggle('found', wanted !== '' && node.dataset.name.toLowerCase().includes(wanted));
    count.textContent = `${shown.toLocaleString('en')} of ${edges.length.toLocaleString('en')} connections`;
  };
  search.addEventListener('input', show);
  least.addEventListener('input', show);
  figure.addEventListener('pointerover', (event) => {
    const {name, share} = event.target.closest('.e, .n')?.dataset ?? {};
    if (name) readout.textContent = share === undefined ? name : `${name}: ${Math.round(1000 * share) / 10}% of the largest weight`;
  });
}
