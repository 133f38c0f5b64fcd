'use strict';
// Blocks (tasks/page/blocks.h) as elements of the page. Texts are set as text, never as markup.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== '') made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Graphviz's and our own signs: the only markup that is parsed, and as SVG alone.
function parsedSvg(text) {
  const svg = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  return document.importNode(svg, true);
}

const signs = {
  good: 'M14 25l7 7 14-15',
  bad: 'M16 16l16 16M32 16L16 32',
  caution: 'M24 13v14M24 34v.5',
  plain: 'M15 24h18',
};

const blocks = {
  verdict(block) {
    const sign = parsedSvg(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" class="sign"
      aria-hidden="true"><circle cx="24" cy="24" r="21"/><path d="${signs[block.tone]}"/></svg>`);
    sign.classList.add(block.tone);
    return element('div', {class: 'verdict'}, sign,
        element('strong', {class: block.tone}, block.text), element('p', {}, block.detail));
  },

  paragraph(block) {
    return element('p', {class: block.tone}, block.text);
  },

  heading(block) {
    return element('h3', {}, block.text);
  },

  facts(block) {
    return element('dl', {}, ...block.rows.flatMap((row) => [
      element('dt', {}, row.name),
      element('dd', {class: row.code ? 'code' : ''}, row.value),
    ]));
  },

  command(block) {
    const copy = element('button', {type: 'button'}, 'Copy');
    copy.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.line);
      copy.textContent = 'Copied';
    });
    return element('div', {class: 'command'}, element('code', {}, block.line), copy);
  },

  table(block) {
    const align = block.columns.map((column) => [column.number ? 'number' : '', column.pinned ? 'pinned' : ''].join(' ').trim());
    const heading = element('tr', {}, ...block.columns.map((column, i) =>
      element('th', {scope: 'col', class: align[i]}, helped(column.title, column.help))));
    const headings = block.columns.some((column) => column.group) ? [groupHeadings(block.columns), heading] : [heading];
    const rows = block.rows.map((cells) => {
      const first = cells[0] !== '';
      return element('tr', {class: first ? 'first' : ''}, ...cells.map((cell, i) => tableCell(cell, align[i])));
    });
    const caption = block.caption ? [element('caption', {}, block.caption)] : [];
    return element('div', {class: 'table', tabindex: 0, role: 'group', 'aria-label': block.caption || 'Table'},
        element('table', {class: headings.length > 1 ? 'dense' : ''}, ...caption, element('thead', {}, ...headings), element('tbody', {}, ...rows)));
  },

  evidence(block) {
    return element('ul', {class: 'evidence'}, ...block.facts.map((fact) => {
      const sign = element('span', {class: `sign ${fact.supports ? 'good' : 'caution'}`},
          fact.supports ? '+' : '!');
      const meaning = element('span', {class: 'hidden'}, fact.supports ? 'supports: ' : 'speaks against: ');
      return element('li', {}, sign, meaning, fact.text);
    }));
  },

  drawing(block) {
    const svg = parsedSvg(block.svg);
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', block.alt);
    const figure = element('figure', {class: 'drawing'}, svg, element('figcaption', {}, block.caption));
    figure.append(saveButtons(block.caption, figure));
    return figure;
  },

  fold(block) {
    return element('details', {}, element('summary', {}, block.title), ...block.blocks.map(shown));
  },

  chart: (block) => chartFigure(block),
  graph: (block) => graphFigure(block),
  witnesses: (block) => witnessStepper(block),
  explanations: (block) => explanationStepper(block),
};

function shown(block) {
  return blocks[block.type](block);
}

function helped(text, help) {
  return help ? element('abbr', {title: help, tabindex: 0}, text) : text;
}

function tableCell(cell, align) {
  if (typeof cell === 'string') return element('td', {class: align}, cell);
  const tone = cell.tone === 'plain' ? '' : cell.tone;
  const under = cell.under ? [element('small', {}, cell.under)] : [];
  return element('td', {class: `${align} ${tone}`.trim()}, helped(cell.text, cell.help), ...under);
}

// One heading over neighbouring columns of a group.
function groupHeadings(columns) {
  const cells = [];
  columns.forEach((column, i) => {
    if (i > 0 && column.group === columns[i - 1].group) ++cells.at(-1).colSpan;
    else cells.push(element('th', {scope: 'colgroup', class: column.group ? 'group' : ''}, column.group));
  });
  return element('tr', {}, ...cells);
}
