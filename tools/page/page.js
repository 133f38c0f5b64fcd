// Puts scripts to the page, which says everything without them.

const pageData = JSON.parse(document.getElementById('data').textContent);
document.documentElement.classList.add('js');

every('.wit').forEach(openInputs);
every('.circuit').forEach(findInCircuit);
every('.heat').forEach(readOut);
every('.margins').forEach(walkThrough);
every('[data-explanations]').forEach((place) => place.append(explanationStepper(pageData[place.dataset.explanations])));
every('.copy').forEach((button) => button.addEventListener('click', async () => {
  await navigator.clipboard.writeText(button.parentElement.querySelector('code').textContent);
  button.textContent = 'Copied';
}));
every('.tools button').forEach((button) =>
  button.addEventListener('click', () => save(button.closest('figure'), button.textContent)));

// Paper has no folds.
addEventListener('beforeprint', () => every('details').forEach((fold) => { fold.open = true; }));

performance.mark('shown');
drawCharts(pageData).then(() => {
  performance.mark('drawn');
  document.documentElement.dataset.drawn = 'yes';
});
