// Figures to take away: as an SVG file that stands alone, as a PNG of twice the size, or as the
// data behind them (CSV). Pictures have the layout of the window and are always light, on white.

const keptStyles = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'opacity', 'font-family',
  'font-size', 'font-weight', 'text-anchor', 'vector-effect'];
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const rounded = (number) => Math.round(10 * number) / 10;

// Words of a text node, joined where they stand in one line: where the browser put them.
function linesOf(node) {
  const lines = [];
  for (const word of node.textContent.matchAll(/\S+/g)) {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const box = range.getClientRects()[0];
    if (!box) continue;
    const line = lines.at(-1);
    if (line && Math.abs(line.box.top - box.top) < 4) line.words.push(word[0]);
    else lines.push({box, words: [word[0]]});
  }
  return lines;
}

// A picture inside the page, with its styles written out.
function drawnSvg(svg, frame) {
  const box = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  const nodes = [svg, ...svg.querySelectorAll('*')], copies = [copy, ...copy.querySelectorAll('*')];
  nodes.forEach((node, i) => {
    const style = getComputedStyle(node);
    for (const name of keptStyles) {
      const value = style.getPropertyValue(name);
      copies[i].style?.removeProperty(name); // which may speak of the page's colours by name
      if (value) copies[i].setAttribute(name, value);
    }
    copies[i].removeAttribute('class');
  });
  const place = {x: rounded(box.left - frame.left), y: rounded(box.top - frame.top), width: rounded(box.width), height: rounded(box.height), overflow: 'visible'};
  for (const [name, value] of Object.entries(place)) copy.setAttribute(name, value);
  return new XMLSerializer().serializeToString(copy);
}

// HTML text, grounds and SVG marks of a figure as one SVG.
function flattened(figure) {
  const frame = figure.getBoundingClientRect(), parts = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const style = getComputedStyle(node.parentElement);
      const upright = style.writingMode.startsWith('vertical');
      for (const {box, words} of linesOf(node)) {
        const x = rounded(box.left - frame.left), y = rounded(box.top - frame.top);
        const at = upright ? `transform="translate(${rounded(x + 0.78 * box.width)} ${rounded(y + box.height)}) rotate(-90)"`
          : `x="${x}" y="${rounded(y + 0.78 * box.height)}"`;
        parts.push(`<text ${at} font-size="${style.fontSize}" font-weight="${style.fontWeight}" font-family="Helvetica,Arial,sans-serif" fill="${style.color}">${escaped(words.join(' '))}</text>`);
      }
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches('.tools, figcaption, .read, .hidden')) return;
    const style = getComputedStyle(node);
    if (style.display === 'none') return;
    if (node.localName === 'svg') return void parts.push(drawnSvg(node, frame));
    if (!/^rgba\(.*, 0\)$|transparent/.test(style.backgroundColor)) {
      const box = node.getBoundingClientRect();
      parts.push(`<rect x="${rounded(box.left - frame.left)}" y="${rounded(box.top - frame.top)}" width="${rounded(box.width)}" height="${rounded(box.height)}" fill="${style.backgroundColor}"/>`);
    }
    node.childNodes.forEach(walk);
  };
  walk(figure);
  const width = Math.ceil(frame.width), height = Math.ceil(frame.height);
  return {width, height, text: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" overflow="visible"><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`};
}

function picture(figure) {
  const root = document.documentElement;
  root.dataset.export = ''; // light colours, whatever the screen has
  try {
    return flattened(figure);
  } finally {
    delete root.dataset.export;
  }
}

async function pngOf({text, width, height}) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = 2; // for print
  const canvas = element('canvas', {width: scale * width, height: scale * height});
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function fileName(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 48).replace(/^-|-$/g, '') || 'figure';
}

function download(name, blob) {
  const link = element('a', {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function save(figure, kind) {
  const name = `${fileName(figure.dataset.name)}.${kind.toLowerCase()}`;
  if (kind === 'CSV') download(name, new Blob([figure.dataset.csv], {type: 'text/csv'}));
  if (kind === 'SVG') download(name, new Blob([picture(figure).text], {type: 'image/svg+xml'}));
  if (kind === 'PNG') download(name, await pngOf(picture(figure)));
}
