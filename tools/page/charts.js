// Vega-Lite charts, of pages that have some.

const chartTheme = () => ({
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
});

// Draws a chart into its place, in the room there is.
async function drawChart(place, specification) {
  const room = place.closest('section').clientWidth;
  const alt = place.getAttribute('aria-label');
  for (let tries = 4; tries > 0; --tries) {
    await drawn(specification, alt, place);
    const have = Number(place.querySelector('svg').getAttribute('width'));
    if (have <= room) return;
    specification = narrowed(specification, have, room);
  }
}

function drawn(specification, alt, place) {
  const compiled = vegaLite.compile(specification, {config: chartTheme()}).spec;
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
async function drawCharts(data) {
  for (const place of every('[data-chart]')) {
    await drawChart(place, data[place.dataset.chart].spec);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

// The rows behind a chart: all of its views' data, one table under the other.
function chartData(place) {
  const tables = [];
  const collect = (spec) => {
    if (spec?.data?.values?.length) tables.push(spec.data.values);
    for (const inner of ['layer', 'hconcat', 'vconcat', 'concat']) (spec?.[inner] ?? []).forEach(collect);
    if (spec?.spec) collect(spec.spec);
  };
  collect(pageData[place.dataset.chart].spec);
  const field = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replace(/"/g, '""')}"` : String(value ?? ''));
  return tables.map((rows) => [Object.keys(rows[0]), ...rows.map((row) => Object.keys(rows[0]).map((name) => row[name]))]
      .map((line) => line.map(field).join(',')).join('\n')).join('\n\n') + '\n';
}
