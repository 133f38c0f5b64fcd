// The report page in a real browser, over reports of the shipped 2-SAT network.
//   ASSAY=build/assay PAGES=build/page node --test tests/tools/page/browser_test.mjs
// Pages and screenshots stay in PAGES. Needs `npm ci` in tools/page and a Chromium.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {contrastFailures, unnamed} from './accessibility.mjs';
import * as chrome from './browser.mjs';

const {source, pageFolder} = chrome;
const pages = path.resolve(process.env.PAGES);
const reference = 'tasks/two_sat/reference';
let browser;

function assay(...words) {
  try {
    return execFileSync(path.resolve(process.env.ASSAY), words, {cwd: source, encoding: 'utf8'});
  } catch (error) {
    if (error.status === 1) return error.stdout; // a violated claim is a result
    throw error;
  }
}

const at = (name) => path.join(pages, name);
const read = (name) => JSON.parse(fs.readFileSync(at(name), 'utf8'));
const write = (name, report) => fs.writeFileSync(at(name), JSON.stringify(report));

before(async () => {
  fs.rmSync(pages, {recursive: true, force: true});
  fs.mkdirSync(pages, {recursive: true});
  const model = ['--task', 'two-sat', '--model', `${reference}/model.safetensors`, '--quiet'];
  assay('validate', ...model, '--interpretation', `${reference}/trees.json`, '--inputs', '20000',
      '--stop', 'never', '--witnesses', '3', '--claim', 'parse.PE<=0.001', 'evaluate.PE<=0.02', '--json', at('validation.json'));
  assay('discover', ...model, '--method', 'exact', '--inputs', '128', '--out', at('circuit.json'));
  assay('measure', ...model, '--circuit', at('circuit.json'), '--inputs', '128', '--ablation', 'all',
      '--json', at('measures.json'));
  assay('measure', ...model, '--circuit', at('circuit.json'), '--inputs', '128', '--tests', '--draws', '19',
      '--curve', '--json', at('tests.json'));
  assay('derive', 'two-sat', '--model', `${reference}/model.safetensors`, '--inputs', '2000', '--quiet',
      '--out', at('derived'), '--json', at('derivation.json'));
  assay('train', 'two-sat', '--preset', 'demo', '--steps', '1000', '--out', at('run'), '--quiet');
  assay('report', ...['validation.json', 'measures.json', 'tests.json', 'derivation.json', 'run/metrics.jsonl'].map(at),
      '--out', at('report.html'), '--quiet');
  const variable = ['--model', 'tasks/two_sat/variable/model.safetensors', '--features', 'clause', '--quiet'];
  assay('compare', ...variable, '--interpretation', 'tasks/two_sat/variable/trees.json', '--methods',
      'random,occlusion:deletion,gradient-norm,lime:deletion', '--inputs', '20', '--rows', '100', '--json', at('comparison.json'));
  assay('explain', ...variable, '--method', 'occlusion:deletion', '--method', 'lime', '--json', at('explanation.json'),
      '--html', at('explanation.html'), '( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) ) ( x2 x3 )');
  assay('report', at('comparison.json'), at('explanation.json'), '--out', at('explanations.html'), '--quiet');
  browser = await chrome.launched();
});

after(() => browser?.close());

const opened = (name, options) => chrome.opened(browser, at(name), options);
const headings = (page) => page.locator('h2').allTextContents();
const panel = (page) => page.locator('.details:not([hidden]) h3');

for (const name of ['report.html', 'explanations.html', 'explanation.html']) {
  test(`${name} opens without a complaint, and asks for nothing but itself`, async () => {
    const page = await opened(name);
    assert.deepEqual(page.complaints, []);
    assert.ok(fs.statSync(at(name)).size < 3e6);
    await page.close();
  });
}

test('has every section, in order', async () => {
  const page = await opened('report.html');
  assert.deepEqual([...new Set(await headings(page))], [
    'Verdict', 'The interpretation', 'Axioms, node by node', 'Where it fails', 'What the evaluating neurons compute',
    'Evidence', 'The circuit', 'How well the circuit stands in for the network', 'Tests of the circuit', 'Training',
    'How to reproduce']);
  const charts = await page.locator('.chart').count();
  assert.equal(await page.locator('.chart svg').count(), charts);
  assert.ok(charts >= 12);
  assert.equal(await page.locator('.chart[aria-label="Vega visualization"], .chart:not([aria-label])').count(), 0);
  await page.close();
});

test('says the verdict and every claim', async () => {
  const page = await opened('report.html');
  assert.equal(await page.locator('.verdict strong').textContent(), '1 of 2 claims is violated');
  const rows = read('validation.json').rows;
  const claimed = await page.locator('section').first().locator('tbody tr').allTextContents();
  assert.equal(claimed.length, rows.filter((row) => 'claim' in row).length);
  assert.match(claimed[1], /evaluate\.PE ≤ 2%.*violated/);
  await page.close();
});

test('gives every row of the report its rate', async () => {
  const page = await opened('report.html');
  const section = page.locator('section', {has: page.locator('h2', {hasText: 'Axioms'})});
  const rows = await section.locator('tbody tr').allTextContents();
  read('validation.json').rows.forEach((row, i) => {
    assert.ok(rows[i].includes(row.axiom) && rows[i].includes(row.failures.toLocaleString('en')), rows[i]);
  });
  await page.close();
});

test('opens nodes by mouse and by keyboard', async () => {
  const page = await opened('report.html');
  assert.equal(await panel(page).textContent(), 'parse');
  await page.locator('g.node[aria-label^=evaluate]').click();
  assert.equal(await panel(page).textContent(), 'evaluate');
  for (const word of ['truth_table_programs', 'threshold', 'write_levels', 'blocks.1.mlp.hook_post'])
    assert.match(await page.locator('.details:not([hidden])').textContent(), new RegExp(word));
  await page.locator('g.node[aria-label^=evaluate]').press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await panel(page).textContent(), 'or');
  assert.equal(await page.locator('g.node[aria-pressed=true]').count(), 1);
  await page.close();
});

test('steps through failing inputs by button and by arrow key', async () => {
  const page = await opened('report.html');
  const where = page.locator('.stepper output');
  const inputs = new Set(read('validation.json').rows.flatMap((row) => row.witnesses.map((witness) => witness.input)));
  assert.match(await where.textContent(), new RegExp(`^1 of ${inputs.size}: input`));
  assert.ok(await page.getByRole('button', {name: 'Previous'}).isDisabled());
  await page.getByRole('button', {name: 'Next'}).click();
  assert.match(await where.textContent(), /^2 of/);
  await page.getByRole('group', {name: 'Failing inputs'}).press('ArrowLeft');
  assert.match(await where.textContent(), /^1 of/);
  for (let i = 1; i < inputs.size; ++i) await page.keyboard.press('ArrowRight');
  assert.match(await where.textContent(), new RegExp(`^${inputs.size} of`));
  assert.ok(await page.getByRole('button', {name: 'Next'}).isDisabled());
  assert.equal(await page.locator('.heads svg.marks').count(), 5);
  await page.close();
});

test('shows where the two sides part, as the report counts it', async () => {
  const page = await opened('report.html');
  const failed = read('validation.json').rows.find((row) => row.node === 'evaluate' && row.axiom === 'PE');
  const {input, network, interpretation} = failed.witnesses[0];
  const indices = (await page.evaluate(() => JSON.parse(document.getElementById('data').textContent))).sections
      .flatMap((section) => section.blocks).find((block) => block.type === 'witnesses').inputs.map((shown) => shown.index);
  await page.locator('.stepper').click({position: {x: 1, y: 1}});
  for (let i = 0; i < indices.indexOf(input); ++i) await page.getByRole('button', {name: 'Next'}).click();
  const apart = network.filter((value, i) => value !== interpretation[i]).length;
  assert.equal(await page.locator('.bits .apart').count(), apart);
  await page.close();
});

test('compares methods: who beats chance, with the figures of the report', async () => {
  const page = await opened('explanations.html');
  assert.deepEqual(await headings(page),
      ['Methods compared', 'Explanations side by side', 'Explanation', 'How to reproduce', 'How to reproduce']);
  const {methods} = read('comparison.json').summary;
  const occlusion = methods.find((method) => method.method === 'occlusion:deletion').measures['every-mus.auroc'];
  const compared = page.locator('section').first();
  const found = await compared.locator('table').first().locator('tr', {hasText: 'every-mus'}).textContent();
  assert.match(found, /\d of 4/);
  const leader = read('comparison.json').summary.leaders['every-mus.auroc'];
  assert.ok(found.includes(leader.best ? `${leader.method} (` : `none is best: ${leader.method} leads`), found);
  const row = await compared.locator('table.dense').first().locator('tr', {hasText: 'occlusion:deletion'}).textContent();
  // Where all inputs have one value there is no interval, and nothing to hold against chance.
  assert.ok(row.includes(`${occlusion.interval ? '▲ ' : ''}${occlusion.mean.toFixed(2)}`), row);
  const charts = compared.locator('.chart');
  assert.equal(await charts.locator('svg.marks').count(), await charts.count());
  assert.match(await charts.first().getAttribute('aria-label'), /every-mus AUROC: .*occlusion:deletion/);
  await page.close();
});

test('shows scores of a feature under every method, by mouse and by keyboard', async () => {
  const page = await opened('explanation.html');
  const rows = page.locator('.explanation');
  const {explanations} = read('explanation.json');
  const text = (score) => `${score < 0 ? '' : '+'}${score.toFixed(3)}`;
  const shows = async (feature) => {
    assert.deepEqual(await rows.locator('.score').allTextContents(),
        feature === null ? ['', ''] : explanations.map(({scores}) => text(scores[feature])));
    assert.equal(await page.locator('.pointed').count(), feature === null ? 0 : 2);
  };
  await shows(null);
  await rows.first().locator('[data-feature="1"]').hover();
  await shows(1);
  await page.locator('h1').hover();
  await shows(null);
  assert.equal(await page.locator('.explanation [tabindex="0"]').count(), 1);
  await page.locator('.explanation [tabindex="0"]').focus();
  await shows(0);
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
  await shows(2);
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^lime:deletion, \( Not\(x0\) x1 \): /);
  await page.keyboard.press('ArrowLeft');
  await shows(1);
  await page.close();
});

test('steps through the inputs of a comparison, with what must matter in them', async () => {
  const page = await opened('explanations.html');
  const {inputs} = read('comparison.json');
  const group = page.getByRole('group', {name: 'Explained inputs'});
  const tokens = () => group.locator('.explanation').first().locator('.tokens').textContent();
  const words = (text) => text.trim().split(/\s+/).join(' ');
  for (const input of inputs.slice(0, 3)) {
    assert.equal(words(await tokens()), words(input.input));
    assert.equal(await group.locator('.explanation:not(.known)').count(), input.methods.length);
    assert.ok(await group.locator('.explanation.known').count() > 0);
    await page.getByRole('button', {name: 'Next'}).click();
  }
  await group.press('ArrowLeft');
  assert.match(await group.locator('output').textContent(), new RegExp(`^3 of ${inputs.length}`));
  await page.close();
});

test('keeps texts as texts, whatever they say', async () => {
  const report = read('validation.json');
  const hostile = '</script><b id=hostile>bold</b><!--<script>alert(1)//{{data}}';
  report.title = hostile;
  report.command = hostile;
  report.nodes[0].evidence[0].statement = hostile;
  for (const node of report.nodes) if (node.node === 'or') node.node = hostile;
  for (const row of report.rows) if (row.node === 'or') row.node = hostile;
  write('hostile.json', report);
  assay('report', at('hostile.json'), '--out', at('hostile.html'), '--quiet');
  const page = await opened('hostile.html');
  assert.deepEqual(page.complaints, []);
  assert.equal(await page.title(), hostile);
  assert.equal(await page.locator('h1').textContent(), hostile);
  assert.equal(await page.locator('#hostile, b').count(), 0);
  assert.equal(await page.locator('.details h3').nth(2).textContent(), hostile);
  await page.close();
});

test('without the network, shows what the report alone can tell and says why there is no more', async () => {
  const report = read('validation.json');
  report.model.path = 'gone.safetensors';
  write('alone.json', report);
  assay('report', at('alone.json'), '--out', at('alone.html'), '--quiet');
  const page = await opened('alone.html');
  assert.deepEqual(page.complaints, []);
  assert.match(await page.locator('main').textContent(), /attention patterns are not shown: gone\.safetensors is not there/);
  assert.ok(await page.locator('.cells .apart').count() > 0);
  await page.close();
});

for (const [name, colorScheme] of ['report', 'explanations'].flatMap((name) => [[name, 'light'], [name, 'dark']])) {
  test(`${name} is accessible in ${colorScheme} colours`, async () => {
    const page = await opened(`${name}.html`, {colorScheme});
    assert.deepEqual(await page.evaluate(unnamed), []);
    assert.deepEqual(await page.evaluate(contrastFailures, 4.5), []);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.screenshot({path: at(`${name}-${colorScheme}.png`), fullPage: true});
    await page.close();
  });
}

test('shows every verdict and every whole chart on a telephone', async () => {
  const page = await opened('report.html', {viewport: {width: 400, height: 800}});
  const verdicts = page.locator('td.pinned');
  const rows = read('validation.json').rows;
  assert.equal(await verdicts.count(), rows.length + rows.filter((row) => 'claim' in row).length);
  const places = await verdicts.evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect())
      .map(({left, right}) => ({left, right})));
  for (const {left, right} of places) assert.ok(left >= 0 && right <= 400, `${left} to ${right}`);
  const cut = await page.locator('.chart').evaluateAll((charts) => charts.filter((chart) => chart.scrollWidth > chart.clientWidth)
      .map((chart) => `${chart.getAttribute('aria-label').slice(0, 60)}: ${chart.scrollWidth} > ${chart.clientWidth}`));
  assert.deepEqual(cut, []);
  await page.close();
});

test('names the tokens along the axes of attention maps', async () => {
  const page = await opened('report.html');
  const tokens = await page.locator('.tokens code').allTextContents();
  const labels = await page.locator('.heads figure').first().locator('svg text').allTextContents();
  for (const token of new Set(tokens)) assert.ok(labels.filter((label) => label === token).length >= 2, token);
  await page.close();
});

test('says programs and answers in words', async () => {
  const report = await opened('report.html');
  assert.match(await report.locator('details', {hasText: 'programs'}).textContent(), /if assignment \d+ \(x0=[01] .*\) satisfies the clauses: /);
  assert.match(await report.locator('.details').nth(1).textContent(), /programs: if assignment \d+ \(x0=/);
  await report.close();
  const explanation = await opened('explanation.html');
  assert.match(await explanation.locator('dl').first().textContent(), /answerUNSAT/);
  await explanation.close();
});

test('saves any figure as SVG and as PNG that stand alone', async () => {
  const page = await opened('report.html', {colorScheme: 'dark'});
  const figures = page.locator('main figure:visible');
  assert.equal(await figures.locator('.save').count(), await figures.count());
  for (const figure of [figures.first(), page.locator('figure:has(.chart)').first(), page.locator('.heads figure').first()]) {
    const saved = async (kind) => {
      const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', {name: `Save as ${kind}`}).click()]);
      assert.ok(download.suggestedFilename().endsWith(`.${kind.toLowerCase()}`));
      return fs.readFileSync(await download.path());
    };
    const svg = (await saved('SVG')).toString();
    assert.ok(svg.startsWith('<svg') && !svg.includes('var('), svg.slice(0, 300));
    assert.match(svg, /width="[\d.]+"/);
    const png = await saved('PNG');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.readUInt32BE(16) > 100 && png.length > 1000);
  }
  assert.deepEqual(page.complaints, []);
  await page.close();
});

for (const name of ['report', 'explanations']) {
  test(`${name} fits a telephone`, async () => {
    const page = await opened(`${name}.html`, {viewport: {width: 380, height: 800}});
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 380);
    await page.screenshot({path: at(`${name}-narrow.png`), fullPage: true});
    await page.close();
  });
}

test('prints the figures of a comparison whole', async () => {
  const page = await opened('explanations.html', {viewport: {width: 680, height: 1000}});
  await page.emulateMedia({media: 'print'});
  await page.pdf({path: at('explanations.pdf'), format: 'A4', margin: {top: '15mm', bottom: '15mm', left: '15mm', right: '15mm'}});
  assert.equal(await page.locator('details:not([open])').count(), 0);
  const cut = await page.locator('table, .chart svg').evaluateAll((nodes) =>
    nodes.filter((node) => node.getBoundingClientRect().right > document.body.getBoundingClientRect().right + 1).length);
  assert.equal(cut, 0);
  await page.close();
});

test('prints every node and every fold, in dark ink', async () => {
  const page = await opened('report.html', {colorScheme: 'dark'});
  await page.emulateMedia({media: 'print'});
  assert.equal(await page.locator('.details:visible').count(), 3);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  await page.pdf({path: at('report.pdf'), format: 'A4', margin: {top: '15mm', bottom: '15mm', left: '15mm', right: '15mm'}});
  assert.equal(await page.locator('details:not([open])').count(), 0);
  await page.close();
});

test('carries the charting library that the lock file pins', () => {
  for (const library of ['vega', 'vega-lite']) {
    const name = `${library}.min.js`;
    const packed = fs.readFileSync(path.join(pageFolder, 'node_modules', library, 'build', name));
    assert.ok(packed.equals(fs.readFileSync(path.join(pageFolder, 'vendored', name))), `${name}: run tools/page/vendor`);
    const {packages} = JSON.parse(fs.readFileSync(path.join(pageFolder, 'package-lock.json'), 'utf8'));
    const installed = JSON.parse(fs.readFileSync(path.join(pageFolder, 'node_modules', library, 'package.json'), 'utf8'));
    assert.equal(installed.version, packages[`node_modules/${library}`].version);
  }
});
