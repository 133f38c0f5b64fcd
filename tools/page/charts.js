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
  return element('figure', {}, chart(block.spec, block.alt), element('figcaption', {}, block.caption));
}

// Draws now if the library is there, else when it is.
function chart(specification, alt) {
  const place = element('div', {class: 'chart', role: 'img', 'aria-label': alt});
  const draw = () => {
    const compiled = vegaLite.compile(specification, {config: chartTheme}).spec;
    compiled.description = alt; // Vega labels the element anew, with this
    return new vega.View(vega.parse(compiled), {renderer: 'svg', container: place, hover: true}).runAsync();
  };
  if (charting) draw();
  else waitingCharts.push(draw);
  return place;
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
