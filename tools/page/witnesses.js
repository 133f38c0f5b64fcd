// Failing inputs: what both sides say at every step, where they part, and where the heads look.

function witnessStepper(block) {
  return stepper('Failing inputs', block.inputs.length, (i) => `: input ${block.inputs[i].index.toLocaleString('en')}`,
      (i) => failingInput(block.inputs[i], block.map));
}

function failingInput(input, map) {
  const tokens = element('p', {class: 'tokens'}, ...input.tokens.map((token) => element('code', {}, token)));
  const failures = input.failures.map((failure) =>
    element('p', {}, element('strong', {}, failure.rows), `: ${failure.seen}.`));
  return [tokens, ...failures, ...input.steps.map(nodeValues), ...attention(input, map)];
}

// Both sides of one node's value, element under element.
function nodeValues(step) {
  const apart = step.cells.filter((cell) => !cell.same);
  const parts = step.equal === undefined ? apart.length > 0 : !step.equal;
  const state = parts ? element('span', {class: 'bad'}, 'they part') : element('span', {class: 'good'}, 'the same');
  const side = (text) => element('span', {class: text === '1' ? 'on' : ''}, text);
  const cells = step.cells.map((cell) => element('div', {
    class: cell.same ? 'side' : 'side apart', title: `${cell.name}: ${cell.network} | ${cell.interpretation}`,
  }, side(cell.network), side(cell.interpretation)));
  const names = element('div', {class: 'side'}, element('span', {}, 'network'), element('span', {}, 'interpretation'));
  const words = apart.slice(0, 6).map((cell) =>
    `${cell.name}: network ${value(cell.network, step)}, interpretation ${value(cell.interpretation, step)}`);
  if (apart.length > 6) words.push(`and ${apart.length - 6} more`);
  return element('div', {}, element('h3', {}, `${step.node}: `, state),
      element('div', {class: step.bits ? 'sides bits' : 'sides', 'aria-hidden': step.bits ? 'true' : ''}, names,
          element('div', {class: 'cells'}, ...cells)),
      element('p', {class: step.bits ? '' : 'hidden'}, words.length ? `${words.join('; ')}.` : ''));
}

function value(text, step) {
  if (!step.bits) return text;
  return text === '1' ? 'on' : 'off';
}

function attention(input, map) {
  if (input.heads.length === 0) return [];
  const figures = input.heads.map((head) => {
    const values = weightsOf(head.weights, input.tokens);
    const place = chart(mapOf(map, values, input.tokens), attentionInWords(head, values));
    return element('figure', {}, place, element('figcaption', {}, head.name), saveButtons(`Attention of head ${head.name}`, place));
  });
  return [element('h3', {}, 'Where the heads look'),
    element('p', {class: 'faint'}, 'Every row is a position, from the first token at the top, every column a position that it looks at; the fuller the colour, the more attention. '
      + 'Point at a cell to read it.'),
    element('div', {class: 'heads'}, ...figures)];
}

// The map with the input's tokens along both axes.
function mapOf(map, values, tokens) {
  const {x, y} = map.encoding;
  const labelled = (channel) => ({...channel, axis: {...channel.axis, labelExpr: `${JSON.stringify(tokens)}[datum.value]`}});
  return {...map, data: {values}, encoding: {...map.encoding, x: labelled(x), y: labelled(y)}};
}

// Two hexadecimal digits per weight, row by row; zeros are left out, they show nothing.
function weightsOf(letters, tokens) {
  const values = [];
  const n = tokens.length;
  for (let i = 0; i < n * n; ++i) {
    const weight = Math.round(parseInt(letters.slice(2 * i, 2 * i + 2), 16) / 2.55) / 100;
    const query = Math.floor(i / n), key = i % n;
    if (weight > 0 || query === key)
      values.push({query, key, weight, at: `${tokens[query]} (${query})`, 'looks at': `${tokens[key]} (${key})`});
  }
  return values;
}

function attentionInWords(head, values) {
  const last = values.filter((cell) => cell.query === values.at(-1).query);
  const most = last.sort((a, b) => b.weight - a.weight).slice(0, 3);
  return `Attention of head ${head.name}. From the last position most goes to `
    + most.map((cell) => `${cell['looks at']}: ${cell.weight}`).join(', ') + '.';
}
