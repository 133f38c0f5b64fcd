// Pictures to take away: any figure as an SVG file that stands alone, or as a PNG.

const keptStyles = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'opacity',
  'font-family', 'font-size', 'font-weight', 'text-anchor'];

// The buttons that save the picture inside `place`, named after what it shows.
function saveButtons(name, place) {
  const button = (kind, save) => {
    const made = element('button', {type: 'button', 'aria-label': `Save as ${kind}: ${name}`}, kind);
    made.addEventListener('click', async () => download(`${fileName(name)}.${kind.toLowerCase()}`, await save(standalone(place.querySelector('svg')))));
    return made;
  };
  return element('div', {class: 'save'}, 'Save as ', button('SVG', svgBlob), button('PNG', pngBlob));
}

function fileName(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 48).replace(/^-|-$/g, '') || 'figure';
}

// Styles come from the page, in the colours it has now; a file must bring its own.
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const nodes = [svg, ...svg.querySelectorAll('*')], copies = [copy, ...copy.querySelectorAll('*')];
  nodes.forEach((node, i) => {
    const style = getComputedStyle(node);
    for (const name of keptStyles) {
      copies[i].removeAttribute(name); // which may speak of the page's colours by name
      copies[i].style.setProperty(name, style.getPropertyValue(name));
    }
  });
  const {width, height} = svg.getBoundingClientRect();
  for (const [name, value] of Object.entries({xmlns: 'http://www.w3.org/2000/svg', width, height})) copy.setAttribute(name, value);
  return {text: new XMLSerializer().serializeToString(copy), width, height};
}

function svgBlob(picture) {
  return new Blob([picture.text], {type: 'image/svg+xml'});
}

async function pngBlob({text, width, height}) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = 2; // for print
  const canvas = element('canvas', {width: Math.ceil(scale * width), height: Math.ceil(scale * height)});
  const pen = canvas.getContext('2d');
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function download(name, blob) {
  const link = element('a', {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
