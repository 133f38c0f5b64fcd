// Vega-Lite charts. The library stands last in the page, so that words are on screen before it.

const waitingCharts = [];
let charting = false;

const chartTheme = {
  aria: false, // the element around a chart says what it shows
  background: null,
  font: getComputedStyle(document.body).fontFamily, // labels are measured in it
  view: {stroke: null},
  axis: {
    labelColor: 'var(--soft)', titleColor: 'var(--soft)', titleFontWeight: 'normal',
    domainColor: 'var(--faint)', tickColor: 'var(--faint)', gridColor: 'var(--rule)',
    labelFontSize: 12, titleFontSize: 12, titlePadding: 8,
  },
  axisY: {labelColor: 'var(--ink)'},
  header: {labelColor: 'var(--ink)'},
  legend: {labelColor: 'var(--ink)', titleColor: 'var(--soft)', labelFontSize: 12, titleFontSize: 12,
    titleFontWeight: 'normal'},
  axisBand: {grid: false},
};

function chartFigure(block) {
  const place = chart(block.spec, block.alt);
  return element('figure', {}, place, element('figcaption', {}, block.caption), saveButtons(block.caption, place));
}

// Draws as soon as it stands in the page and the library is there.
function chart(specification, alt) {
  const place = element('div', {class: 'chart', role: 'img', 'aria-label': alt});
  const draw = async () => {
    const room = place.closest('section').clientWidth;
    for (let tries = 4; tries > 0; --tries) {
      await drawn(specification, alt, place);
      const have = Number(place.querySelector('svg').getAttribute('width'));
      if (have <= room) return;
      specification = narrowed(specification, have, room);
    }
  };
  if (charting) Promise.resolve().then(draw);
  else waitingCharts.push(draw);
  return place;
}

function drawn(specification, alt, place) {
  const compiled = vegaLite.compile(specification, {config: chartTheme}).spec;
  compiled.description = alt; // Vega labels the element anew, with this
  return new vega.View(vega.parse(compiled), {renderer: 'svg', container: place, hover: true}).runAsync();
}

// A specification that takes less room: panels under each other first, then narrower ones.
function narrowed(spec, have, room) {
  if (spec.hconcat) {
    const {hconcat, ...rest} = spec;
    return {...rest, vconcat: hconcat};
  }
  if (spec.columns > 1) return {...spec, columns: Math.max(1, Math.floor(spec.columns * room / have))};
  for (const views of ['vconcat', 'concat'])
    if (spec[views]) return {...spec, [views]: spec[views].map((view) => narrowed(view, have, room))};
  if (spec.spec) return {...spec, spec: narrowed(spec.spec, have, room)};
  if (spec.width?.step) {
    const width = {step: Math.max(3, Math.floor(spec.width.step * room / have))};
    return {...spec, width, height: spec.height.step === spec.width.step ? width : spec.height}; // squares stay squares
  }
  return {...spec, width: Math.max(60, Math.floor(spec.width - (have - room)))};
}

// One after the other, so that the page answers in between.
async function drawCharts() {
  charting = true;
  for (const draw of waitingCharts) {
    await draw();
    await new Promise((resolve) => setTimeout(resolve));
  }
  performance.mark('drawn');
  document.documentElement.dataset.drawn = 'yes';
}
