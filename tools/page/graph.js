// The interpretation's graph: choosing a node shows what it is.

const levels = ['no failure', 'up to 0.1%', 'up to 1%', 'up to 10%', 'above'];

function graphFigure(block) {
  const svg = parsedSvg(block.svg);
  svg.setAttribute('role', 'group');
  svg.setAttribute('aria-label', 'The interpretation as a graph');
  const panels = element('div', {'aria-live': 'polite'});
  const choices = [...svg.querySelectorAll('g.node')].filter((node) => block.nodes[nameOf(node)]);
  const chosen = choices.map((node) => nodePanel(nameOf(node), block.nodes[nameOf(node)]));
  panels.append(...chosen);

  const choose = (which) => choices.forEach((node, i) => {
    node.setAttribute('aria-pressed', i === which);
    chosen[i].hidden = i !== which;
  });
  choices.forEach((node, i) => {
    node.setAttribute('role', 'button');
    node.setAttribute('tabindex', 0);
    node.setAttribute('aria-label', [...node.querySelectorAll('text')].map((line) => line.textContent).join(', '));
    node.addEventListener('click', () => choose(i));
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose(i);
    });
  });
  choose(0);

  const legend = levels.map((text, level) =>
    element('li', {}, element('i', {style: `background: var(--level${level})`}), text));
  const figure = element('figure', {class: 'graph'}, svg,
      element('ul', {class: 'legend', 'aria-label': 'Colours of ε'}, ...legend),
      element('figcaption', {}, block.caption));
  figure.append(saveButtons('The interpretation as a graph', figure), panels);
  return figure;
}

function nameOf(node) {
  return node.querySelector('title').textContent;
}

function nodePanel(name, node) {
  const evidence = node.evidence.length > 0
    ? [element('h4', {}, 'Evidence'), blocks.evidence({facts: node.evidence})]
    : [element('p', {class: 'faint'}, 'It carries no evidence.')];
  return element('div', {class: 'details'}, element('h3', {}, name), shown(node.facts), ...evidence);
}
