// Puts scripts to the page, which says everything without them.

document.documentElement.classList.add('js');

every('.wit').forEach(openInputs);
every('.circuit').forEach(findInCircuit);
every('.heat').forEach(readOut);
every('.margins').forEach(walkThrough);
every('.cases').forEach(pointAtScores);
every('.copy').forEach((button) => button.addEventListener('click', async () => {
  await navigator.clipboard.writeText(button.parentElement.querySelector('code').textContent);
  button.textContent = 'Copied';
}));
every('.tools button').forEach((button) =>
  button.addEventListener('click', () => save(button.closest('figure'), button.textContent)));

// Paper has no folds.
addEventListener('beforeprint', () => every('details').forEach((fold) => { fold.open = true; }));

performance.mark('drawn');
document.documentElement.dataset.drawn = 'yes';
