// Explanations as coloured tokens, one row per method: pointing at a feature shows what every
// method gives it. One stop of the Tab key, then arrow keys.

const mostHeat = 4;

function explanationStepper(block) {
  return element('div', {class: 'explanations'}, heatLegend(block),
      stepper('Explained inputs', block.inputs.length, (i) => (block.inputs[i].name ? `: ${block.inputs[i].name}` : ''),
          (i) => [explainedInput(block.inputs[i])]));
}

function heatLegend(block) {
  const swatches = [];
  for (let heat = -mostHeat; heat <= mostHeat; ++heat) swatches.push(element('i', {class: heatClass(heat)}));
  return element('p', {class: 'scale words'}, element('span', {'aria-hidden': 'true'}, 'against ', ...swatches, ' for'),
      element('span', {}, block.legend));
}

function heatClass(heat) {
  return heat === 0 ? '' : `heat ${heat > 0 ? 'for' : 'against'}${Math.abs(heat)}`;
}

function explainedInput(input) {
  const rows = input.rows.map((row) => explanationRow(row, input));
  const point = (feature) => rows.forEach((row) => row.point(feature));
  const grid = element('div', {role: 'group', 'aria-label': 'Scores; arrow keys move between features and methods'},
      ...rows.map((row) => row.element));
  const place = (span) => ({row: rows.findIndex((row) => row.spans.includes(span)), feature: Number(span?.dataset.feature)});
  const spanOf = (event) => event.target.closest?.('[data-feature]');

  grid.addEventListener('mouseover', (event) => spanOf(event) && point(place(spanOf(event)).feature));
  grid.addEventListener('mouseleave', () => point(null));
  grid.addEventListener('focusin', (event) => {
    grid.querySelector('[tabindex="0"]').tabIndex = -1;
    spanOf(event).tabIndex = 0;
    point(place(spanOf(event)).feature);
  });
  grid.addEventListener('focusout', () => point(null));
  grid.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // these are also the keys of the stepper around it
    const at = place(event.target);
    rows[at.row + step[0]]?.spans.find((span) => Number(span.dataset.feature) === at.feature + step[1])?.focus();
  });
  rows[0].spans[0].tabIndex = 0;
  return grid;
}

// A method's name over the score of the feature that is pointed at, and the input in its colours.
function explanationRow(row, input) {
  const score = element('span', {class: 'score'});
  const caveat = row.caveat ? [element('small', {class: 'caution'}, row.caveat)] : [];
  const texts = input.spans.map((span) => {
    if (span.feature < 0) return element('span', {}, span.text);
    const label = `${row.name}, ${input.features[span.feature]}: ${row.scores[span.feature]}`;
    return element('span', {class: heatClass(row.heats[span.feature]), role: 'img', tabindex: -1, 'aria-label': label,
      'data-feature': span.feature}, span.text);
  });
  const spans = texts.filter((text) => text.dataset.feature !== undefined);
  return {
    spans,
    element: element('div', {class: `explanation ${row.known ? 'known' : ''}`.trim()},
        element('div', {class: 'method'}, row.name, ...caveat, score),
        element('p', {class: 'tokens'}, ...texts.flatMap((text) => [text, ' ']))),
    point(feature) {
      score.textContent = feature === null ? '' : row.scores[feature];
      for (const span of spans) span.classList.toggle('pointed', Number(span.dataset.feature) === feature);
    },
  };
}
