// Scores of an input's features: pointing at a feature marks it in every method's line and reads
// out what each gives it. One stop of the Tab key, then arrow keys.

function pointAtScores(group) {
  const cases = every('.case', group);
  const readout = group.parentElement.querySelector('.read');
  cases.forEach((one) => walkScores(one, readout));
  stepThrough(group, cases);
}

function walkScores(one, readout) {
  const rows = every('.xr', one).map((row) => every('[data-feature]', row));
  const all = rows.flat();
  if (all.length === 0) return;
  const point = (feature) => {
    const same = all.filter((span) => span.dataset.feature === feature);
    all.forEach((span) => span.classList.toggle('pointed', same.includes(span)));
    readout.textContent = same.length === 0 ? '' : `${same[0].querySelector('code').textContent}: ${same.map((span) =>
      `${span.closest('.xr').dataset.method} ${span.querySelector('small').textContent}`).join(', ')}`;
  };
  const spanOf = (event) => event.target.closest('[data-feature]');
  all.forEach((span, i) => { span.tabIndex = i === 0 ? 0 : -1; });
  one.addEventListener('pointerover', (event) => spanOf(event) && point(spanOf(event).dataset.feature));
  one.addEventListener('pointerleave', () => point(null));
  one.addEventListener('focusout', () => point(null));
  one.addEventListener('focusin', (event) => {
    if (!spanOf(event)) return;
    all.forEach((span) => { span.tabIndex = span === event.target ? 0 : -1; });
    point(event.target.dataset.feature);
  });
  one.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    const at = spanOf(event);
    if (!step || !at) return;
    event.preventDefault();
    event.stopPropagation(); // these are also the keys of the stepper around it
    const row = rows.findIndex((spans) => spans.includes(at)) + step[0];
    const feature = String(Number(at.dataset.feature) + step[1]);
    rows[row]?.find((span) => span.dataset.feature === feature)?.focus();
  });
}
