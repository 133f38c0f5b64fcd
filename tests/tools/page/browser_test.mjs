// The report page in a real browser, over reports of the shipped 2-SAT network.
//   ASSAY=build/assay PAGES=build/page node --test tests/tools/page/browser_test.mjs
// Pages and screenshots stay in PAGES. Needs `npm ci` in tools/page and a Chromium.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {contrastFailures, smallTexts, unnamed} from './accessibility.mjs';
import * as chrome from './browser.mjs';

const {source, pageFolder} = chrome;
const pages = path.resolve(process.env.PAGES);
const reference = 'tasks/two_sat/reference';
let browser;

function assay(...words) {
  try {
    return execFileSync(path.resolve(process.env.ASSAY), words, {cwd: source, encoding: 'utf8'});
  } catch (error) {
    if ([1, 3].includes(error.status)) return error.stdout; // what is violated or undecided is a result
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
  assay('report', at('validation.json'), '--out', at('validation.html'), '--quiet');
  const modular = 'tasks/modular_addition/reference';
  assay('validate', '--task', 'modular-addition', '--model', `${modular}/model.safetensors`, '--interpretation', `${modular}/rounded.json`,
      '--inputs', '2000', '--stop', 'never', '--quiet', '--json', at('modular.json'), '--html', at('modular.html'));
  const trees = ['--interpretation', `${reference}/trees.json`];
  const dyck = ['--model', 'tasks/dyck/reference/model.safetensors', '--interpretation', 'tasks/dyck/reference/depth-token.json'];
  assay('validate', '--task', 'dyck', ...dyck, '--quiet', '--json', at('dyck.json'), '--html', at('dyck.html'));
  assay('validate', ...model, ...trees, '--inputs', '1000', '--stop', 'never', '--interchange', '--unmapped', '--under', 'all',
      '--claim', 'evaluate.II<=0.1', '--json', at('exchanged.json'), '--html', at('exchanged.html'));
  const declared = [...model.slice(0, -1), ...trees, '--claim', 'parse.PE<=0.001', 'evaluate.PE<=0.182', 'or.PR<=0.1'];
  assay('plan', ...declared, '--inputs', '2000', '--out', at('plan.json'), '--quiet');
  assay('validate', ...model, ...trees, '--plan', at('plan.json'), '--prove', '--attack', '1', '--json', at('proved.json'), '--html', at('proved.html'));
  assay('validate', ...model, ...trees, '--inputs', '1', '--stop', 'never', '--json', at('one.json'), '--html', at('one.html'));
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
  const clauses = '( x0 x1 ) ( x0 Not(x1) ) ( Not(x0) x1 ) ( Not(x0) Not(x1) ) ( x2 x3 ) ( x2 x4 ) ( x1 x4 )';
  assay('explain', ...variable, '--method', 'slalom', '--json', at('slalom.json'), '--html', at('slalom.html'), clauses);
  assay('explain', ...variable.slice(0, 2), '--features', 'token', '--quiet', '--method', 'gradient-norm', '--method', 'occlusion',
      '--json', at('tokens.json'), '--html', at('tokens.html'), clauses);
  assay('report', at('circuit.json'), '--out', at('circuit.html'), '--quiet');
  assay('solve', clauses, ...variable.slice(0, 2), '--quiet', '--json', at('unsatisfiable.json'));
  assay('solve', '( x0 x1 ) ( Not(x0) x2 )', '--quiet', '--json', at('satisfiable.json'));
  const subject = ['--model', `${reference}/model.safetensors`, ...trees, '--quiet'];
  assay('attack', ...subject, '--row', 'evaluate.PE', '--seconds', '1', '--json', at('attack.json'));
  assay('align', '--model', `${modular}/model.safetensors`, '--interpretation', `${modular}/exact.json`, '--node', 'sum',
      '--inputs', '200', '--quiet', '--json', at('alignment.json'));
  assay('discover', ...model, '--method', 'eap', '--inputs', '128', '--edges', '6', '--out', at('eap.json'));
  assay('compare-circuits', at('circuit.json'), at('eap.json'), '--quiet', '--json', at('shared.json'));
  assay('prove', ...subject, '--attack', '1', '--json', at('proofs.json'));
  assay('mutate', ...subject, '--table', '--inputs', '300', '--json', at('mutations.json'));
  for (const name of ['unsatisfiable', 'satisfiable', 'attack', 'alignment', 'shared', 'proofs', 'mutations', 'derivation', 'measures'])
    assay('report', at(`${name}.json`), '--out', at(`${name}.html`), '--quiet');
  assay('report', at('run/metrics.jsonl'), '--out', at('training.html'), '--quiet');
  assay('report', at('run/manifest.json'), '--out', at('network.html'), '--quiet');
  browser = await chrome.launched();
});

/// Pages of one record each; with those of validations and of several records every kind has one.
const kinds = ['explanation', 'slalom', 'tokens', 'circuit', 'unsatisfiable', 'satisfiable', 'attack', 'alignment', 'shared', 'proofs', 'mutations',
  'derivation', 'measures', 'training', 'network'];

after(() => browser?.close());

const opened = (name, options) => chrome.opened(browser, at(name), options);
const headings = (page) => page.locator('h2').allTextContents();

for (const name of ['report.html', 'validation.html', 'modular.html', 'dyck.html', 'exchanged.html', 'proved.html', 'one.html', 'explanations.html', ...kinds.map((kind) => `${kind}.html`)]) {
  test(`${name} opens without a complaint, and asks for nothing but itself`, async () => {
    const page = await opened(name);
    assert.deepEqual(page.complaints, []);
    await page.close();
  });
}

test('a validation is light, and on screen at once', async () => {
  for (const name of ['validation.html', 'modular.html', 'dyck.html', 'exchanged.html', 'proved.html']) {
    assert.ok(fs.statSync(at(name)).size <= 450_000, `${name}: ${fs.statSync(at(name)).size} bytes`);
    const page = await opened(name);
    const policy = await page.getAttribute('meta[http-equiv]', 'content');
    assert.ok(!policy.includes('unsafe'), policy);
    await page.close();
  }
});

test('has every section, in order', async () => {
  const page = await opened('report.html');
  assert.deepEqual([...new Set(await headings(page))], [
    'Verdict', 'What is claimed', 'What the neurons try', 'All rows', 'Where they part', 'Where it works',
    'Where it fails', 'What holds for every input',
    'Evidence', 'How well the circuit stands in for the network', 'The circuit', 'Tests of the circuit', 'Training',
    'Trust and reproduce', 'How to reproduce']);
  for (const link of await page.locator('nav a').all())
    assert.equal(await page.locator(await link.getAttribute('href')).count(), 1);
  await page.close();
});

test('says what the network is for, whether the claims hold, and the exception', async () => {
  const page = await opened('validation.html');
  assert.equal(await page.locator('h1').textContent(), 'How this network decides 2-SAT');
  assert.match(await page.title(), /^Violated: /);
  assert.match(await page.locator('.stand').textContent(), /either-or clauses .* satisfiable\?/);
  assert.match(await page.locator('.say').textContent(), /does not hold\..*evaluate differs on at least [\d.]+% of formulas; at most 2% was claimed/);
  assert.equal(await page.locator('.facts > div').count(), 4);
  const cards = await page.locator('.card').allTextContents();
  assert.equal(cards.length, 3);
  assert.match(cards[0], /Read the 10 clauses.*in the network.*after block 1.*equal if.*the same two literals/s);
  assert.match(cards[1], /all 48 neurons on or off alike/);
  assert.equal(await page.locator('.card .v').count(), 2);
  await page.close();
});

/** Operations whose names are no English words, from the list that the command gives. */
function operations() {
  const names = [];
  let group = '';
  for (const line of assay('list').split('\n')) {
    if (/^\S/.test(line)) group = line.trim();
    const name = line.match(/^  (\S+)/)?.[1];
    if (name?.includes('_') && ['h', 'alpha', 'gamma', 'equality'].includes(group)) names.push(name);
  }
  return names;
}

test('names no operation, no place by its code and no file before its last section', async () => {
  const all = operations();
  assert.ok(all.length > 15 && all.includes('truth_table_programs') && all.includes('prefix_facts'), String(all));
  for (const name of ['validation', 'modular', 'dyck', 'exchanged', 'proved', 'one']) {
    const {model, interpretation} = read(`${name}.json`);
    const page = await opened(`${name}.html`);
    const text = await page.evaluate(() => [...document.querySelectorAll('header, main > .headline, main > section:not(#trust)')].map((part) => part.textContent).join(' '));
    for (const word of [...all, 'hook_', 'blocks.', '.safetensors', model.path, interpretation.path].filter(Boolean))
      assert.ok(!text.includes(word), `${name}: ${word}: ${text.slice(text.indexOf(word) - 60, text.indexOf(word) + 60)}`);
    assert.doesNotMatch(text, /(?<!\bFILE)\.json/); // as options of commands are called
    await page.close();
  }
});

test('tells a task that is neither 2-SAT nor arithmetic in its own words', async () => {
  const page = await opened('dyck.html');
  assert.equal(await page.locator('h1').textContent(), 'How this network tells whether parentheses balance');
  assert.match(await page.locator('.stand').textContent(), /reads 10 parentheses .* “\(\)\(\(\(\(\)\)\)\): balanced”/);
  const cards = await page.locator('.card').allTextContents();
  assert.match(cards[0], /Note at every parenthesis how many are open and which one it is\..*open −?\d.*last [()].*the same facts at every parenthesis/s);
  assert.match(cards[1], /Answer “balanced” if .*the same answer/s);
  assert.match(await page.locator('.facts').textContent(), /allinputs that there are were checked/);
  assert.match(await page.locator('#parts').textContent(), /Nowhere: no row failed on any of 1,024 strings/);
  await page.close();
});

test('no page has one of many, or names a file before it says how to run it again', async () => {
  for (const name of ['one', 'dyck', ...kinds]) {
    const page = await opened(`${name}.html`);
    const parts = await page.evaluate(() => [...document.querySelectorAll('header, main > .headline, main > section:not(#trust)')].map((part) => part.innerText).join('\n'));
    assert.doesNotMatch(parts, /(?<![\d.,])\b1 (?!is\b|was\b|has\b|this\b|of\b)[a-z]+s\b/, name);
    assert.doesNotMatch(parts, /(?<!\bFILE)\.json\b|\.safetensors|hook_|blocks\.\d/, name);
    assert.notEqual(await page.locator('h1').textContent(), await page.locator('.kicker').textContent(), name);
    assert.ok(await page.locator('.say').count() > 0, `${name} answers nothing`);
    assert.match(await page.title(), /^[A-Z][^:]+: ./, name);
    assert.match(await page.getAttribute('meta[name=description]', 'content'), /[.…]$/, name);
    const [answer, contents] = await page.evaluate(() => ['.say', 'nav'].map((part) => document.querySelector(part)?.getBoundingClientRect().top));
    assert.ok(contents === undefined || answer < contents, `${name} answers below its contents`);
    await page.close();
  }
});

test('explanations show where heads look, token by token, as the record has it', async () => {
  const {tokens, attention} = read('tokens.json');
  const page = await opened('tokens.html');
  const maps = page.locator('.maps figure');
  assert.equal(await maps.count(), attention.length);
  assert.deepEqual(await maps.first().locator('.hl span').allTextContents(), tokens);
  const csv = (await maps.nth(1).getAttribute('data-csv')).trim().split('\n').slice(1).map((line) => line.split(','));
  const shares = attention[1].shares.flat().filter((share) => share > 0);
  assert.deepEqual(csv.map((line) => Number(line[2])), shares);
  for (const row of attention[1].shares) assert.ok(row.reduce((sum, share) => sum + share, 0) < 1.01); // less where padding is looked at
  const grid = maps.nth(1).locator('.heat svg').last();
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await maps.nth(1).locator('.read').textContent(), new RegExp(`^${tokens[1]} → .*: \\d+%`));
  await page.close();
  const parts = await opened('explanation.html');
  const pieces = await parts.locator('.maps figure').first().locator('.hl span').allTextContents();
  assert.deepEqual(pieces, [...read('explanation.json').features.map(({name}) => name), ':']);
  await parts.close();
});

test('tells why a formula is a contradiction, and of a search what it found', async () => {
  const formula = await opened('unsatisfiable.html');
  assert.match(await formula.locator('.say').textContent(), /^Unsatisfiable\. 4 of the 7 clauses contradict each other/);
  assert.equal(await formula.locator('ol li', {hasText: 'Suppose'}).count(), 2);
  assert.equal(await formula.locator('ol li', {hasText: 'a contradiction'}).count(), 2);
  assert.equal(await formula.locator('.formula .cl.on').count(), 4);
  await formula.close();
  const attack = await opened('attack.html');
  const {input} = read('attack.json');
  assert.match(await attack.locator('.say').textContent(), input ? /^An input was found on which .*value of evaluate is not the one computed from the input/ : /^No input was found/);
  await attack.close();
  const shared = await opened('shared.html');
  const {a, b, shared: both} = read('shared.json');
  const [, ...lines] = (await shared.locator('figure[data-name=shared]').getAttribute('data-csv')).trim().split('\n');
  assert.deepEqual(lines.map((line) => Number(line.split(',')[1])), [both, a.edges - both, b.edges - both]);
  await shared.close();
});

/// Every text of a record that may be another one, each path once for all elements of a list.
function withTexts(name, text) {
  const record = read(`${name}.json`), paths = new Map();
  const walk = (value, where, path) => {
    if (typeof value === 'string') paths.set(path, [...(paths.get(path) ?? []), where]);
    else if (value && typeof value === 'object')
      for (const [key, part] of Object.entries(value)) walk(part, [...where, key], `${path}/${Array.isArray(value) ? '*' : key}`);
  };
  walk(record, [], '');
  const set = (path, words) => paths.get(path).forEach((where) => {
    where.slice(0, -1).reduce((part, key) => part[key], record)[where.at(-1)] = words;
  });
  let changed = 0;
  for (const [pattern, places] of paths) {
    const before = places.map((where) => where.reduce((part, key) => part[key], record));
    set(pattern, text);
    write('tried.json', record);
    try {
      execFileSync(path.resolve(process.env.ASSAY), ['report', at('tried.json'), '--out', at('tried.html'), '--quiet'], {cwd: source, stdio: 'pipe'});
      ++changed;
    } catch {
      places.forEach((where, i) => { where.slice(0, -1).reduce((part, key) => part[key], record)[where.at(-1)] = before[i]; });
    }
  }
  write('tried.json', record);
  assay('report', at('tried.json'), '--out', at('tried.html'), '--quiet');
  return changed;
}

for (const name of ['explanation', 'attack', 'alignment', 'shared', 'proofs'])
  test(`${name}: hostile texts in its record stay texts, and words of 500 letters are legible`, async () => {
    assert.ok(withTexts(name, `${hostile}${'שלום'.repeat(125)}\u202e`) > 0);
    const page = await opened('tried.html', {viewport: {width: 320, height: 800}});
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.locator('#hostile').count(), 0);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    await page.close();
  });

test('says in one line how to get what the record does not have', async () => {
  const asked = async (name) => {
    const page = await opened(name);
    const text = await page.locator('main').textContent();
    await page.close();
    return ['--under all', '--interchange --unmapped', 'assay attack', '--prove'].map((option) => text.split(`${option} `).length > 1);
  };
  assert.deepEqual(await asked('one.html'), [true, true, true, true]);
  assert.deepEqual((await asked('dyck.html')).slice(0, 2), [true, true]);
  const exchanged = await opened('exchanged.html');
  assert.doesNotMatch(await exchanged.locator('#where').textContent(), /--under all|--interchange/);
  await exchanged.close();
});

test('shows what was exchanged between inputs, of pairs of steps, too', async () => {
  const page = await opened('exchanged.html');
  const {rows} = read('exchanged.json');
  const heads = await page.locator('.rows .gh').allTextContents();
  assert.equal(heads.length, new Set(rows.map(({node}) => node)).size); // each step once, however many questions
  assert.match(heads.at(-1), /^parse\+evaluate · exchanged together/);
  assert.equal(await page.locator('.rows .row').count(), rows.length);
  const exchanged = page.locator('#exchanges');
  assert.equal(await exchanged.locator('tbody tr').count(), rows.filter(({axiom}) => ['II', 'IA'].includes(axiom)).length);
  const changing = rows.find(({node, axiom}) => node === 'parse' && axiom === 'IA').exchange.changing;
  assert.ok((await exchanged.locator('tbody tr').nth(1).textContent()).includes(`of ${changing.n.toLocaleString('en')}`));
  assert.match(await exchanged.textContent(), /after block 1: 31 of 41 positions/);
  const failing = rows.find(({axiom, witnesses}) => axiom === 'UM' && witnesses.length > 0);
  await page.evaluate((input) => { location.hash = `w=${input}`; }, failing.witnesses[0].input);
  await page.waitForSelector(`[id="w=${failing.witnesses[0].input}"]:not([hidden])`);
  assert.match(await shownPane(page).textContent(), /With what is not read of parse from another formula put in, the network answers (un)?satisfiable; what the explanation says gives (un)?satisfiable\./);
  await page.close();
});

test('says what was declared, what was proved and what a search found', async () => {
  const page = await opened('proved.html');
  assert.match(await page.locator('.kicker').textContent(), /declared before the run$/);
  assert.match(await page.locator('.facts').textContent(), /8 provedof 12 rows/);
  assert.doesNotMatch(await page.locator('.facts').textContent(), /did not decide/);
  assert.ok(await page.locator('.rows .v.proved').count() > 0);
  assert.match(await page.locator('#where').textContent(), /A search (found an input|for a failure)/);
  await page.close();
});

test('the verdict links to an input on which they part', async () => {
  const page = await opened('validation.html');
  await page.locator('.verdict a').click();
  const row = read('validation.json').rows.find(({verdict}) => verdict === 'violated');
  assert.equal(await shownPane(page).getAttribute('id'), `w=${row.witnesses[0].input}`);
  await page.close();
});

test('gives every row of the report its counts, or what it equals', async () => {
  const page = await opened('validation.html');
  const rows = await page.locator('.rows .row').allTextContents();
  const reported = read('validation.json').rows;
  assert.equal(rows.length, reported.length);
  reported.forEach((row, i) => {
    assert.ok(rows[i].startsWith(row.axiom), rows[i]);
    assert.ok(rows[i].includes('= ') && rows[i].includes('step)') || rows[i].includes(`${row.failures.toLocaleString('en')} of ${row.n.toLocaleString('en')}`)
      || rows[i].includes('it is the answer'), rows[i]);
  });
  assert.equal(await page.locator('.rows .v.violated').count(), 1);
  await page.close();
});

test('places the marks of a row where its numbers are', async () => {
  const page = await opened('validation.html');
  const row = read('validation.json').rows.find((some) => some.node === 'evaluate' && some.axiom === 'PE');
  const place = await page.locator('.rows .row', {hasText: `${row.failures.toLocaleString('en')} of`}).first()
      .locator('circle.dot').getAttribute('cx');
  const expected = 9 + 89 * (Math.log10(row.rate) + 5) / 5;
  assert.ok(Math.abs(parseFloat(place) - expected) < 0.01, `${place} ${expected}`);
  await page.close();
});

const shownPane = (page) => page.locator('.pane:not([hidden])');
const shownStep = (page) => shownPane(page).locator('.step:not([hidden])');

test('steps through failing inputs by button and by arrow key, and opens where they part', async () => {
  const page = await opened('validation.html');
  const tabs = page.locator('[role=tab]');
  assert.ok(await tabs.count() >= 2);
  assert.equal(await shownPane(page).count(), 1);
  assert.equal(await shownStep(page).count(), 1);
  await tabs.first().focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await tabs.nth(1).getAttribute('aria-selected'), 'true');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await tabs.first().getAttribute('aria-selected'), 'true');
  for (const tab of await tabs.all()) {
    await tab.click();
    const failing = (await tab.locator('b').textContent()).split(',')[0], [node, axiom] = failing.split('.');
    const heading = await shownStep(page).locator('h3').textContent();
    if (['PR', 'CR'].includes(axiom)) assert.match(heading, /^(Put in: the answer changes|Step)/);
    else assert.match(heading, new RegExp(`${node}`));
  }
  await shownPane(page).locator('.prev').click();
  assert.equal(await shownStep(page).count(), 1);
  await page.close();
});

test('shows where the two sides part, as the report counts it', async () => {
  const failed = read('validation.json').rows.find((row) => row.node === 'evaluate' && row.axiom === 'PE');
  const {input, network, interpretation} = failed.witnesses[0];
  const page = await opened('validation.html');
  await page.evaluate((which) => { location.hash = `#w=${which}`; }, input);
  await page.waitForSelector(`[id="w=${input}"]:not([hidden])`);
  assert.equal(await shownPane(page).getAttribute('id'), `w=${input}`);
  assert.match(await shownStep(page).locator('h3').textContent(), /evaluate: they part/);
  const apart = network.filter((value, i) => value !== interpretation[i]).length;
  assert.equal(await shownStep(page).locator('.diff').count(), apart);
  await page.close();
});

test('a link opens the input that it names', async () => {
  const {input} = read('validation.json').rows.find((row) => row.node === 'evaluate' && row.axiom === 'PE').witnesses.at(-1);
  const page = await opened('validation.html', {hash: `#w=${input}`});
  assert.equal(await shownPane(page).getAttribute('id'), `w=${input}`);
  await page.close();
});

test('walks through steps and over attention maps with the arrow keys', async () => {
  const page = await opened('validation.html');
  const steps = shownPane(page).locator('.steps button');
  await steps.first().click();
  await page.keyboard.press('ArrowRight');
  assert.equal(await steps.nth(1).getAttribute('aria-current'), 'step');
  assert.equal(await steps.first().getAttribute('aria-current'), null);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await steps.first().getAttribute('aria-current'), 'step');

  await shownPane(page).locator('.att summary').click();
  const map = shownPane(page).locator('.att figure').first(), grid = map.locator('.heat svg').last();
  const said = () => map.locator('.read').textContent();
  const pieces = await map.locator('.hl span').allTextContents();
  await grid.focus();
  assert.ok((await said()).startsWith(`${pieces[0]} → ${pieces[0]}: `), await said());
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.ok((await said()).startsWith(`${pieces[1]} → ${pieces[1]}: `), await said());
  for (let i = 0; i < 40; ++i) await page.keyboard.press('ArrowDown'); // ends at the edge
  assert.ok((await said()).startsWith(`${pieces.at(-1)} → ${pieces[1]}: `), await said());
  const share = Number((await said()).match(/(\d+)%$/)[1]);
  const told = (await map.getAttribute('data-csv')).trim().split('\n').map((line) => line.split(','))
      .filter(([from, to]) => from === pieces.at(-1) && to === pieces[1]);
  if (told.length === 1) assert.equal(share, Math.round(100 * Number(told[0][2])));
  await page.close();
});

test('names the pieces of the input along both axes of attention maps', async () => {
  const page = await opened('validation.html');
  await shownPane(page).locator('.att summary').click();
  const head = shownPane(page).locator('.att figure').first();
  const pieces = await shownPane(page).locator('.formula .cl').allTextContents();
  for (const axis of ['.hc', '.hl'])
    assert.deepEqual(await head.locator(`${axis} span`).allTextContents(), pieces);
  await page.close();
});

test('finds components of a circuit and leaves out light edges', async () => {
  const page = await opened('report.html');
  const circuit = page.locator('.circuit').first();
  const all = await circuit.locator('.e').count();
  const shown = () => circuit.locator('.e:not(.out)').count();
  assert.ok(all > 3);
  await circuit.locator('.search').fill('logits');
  assert.ok(await shown() > 0 && await shown() < all);
  await circuit.locator('.search').fill('');
  await circuit.locator('.least').fill('60');
  assert.ok(await shown() > 0 && await shown() < all);
  assert.match(await circuit.locator('output').textContent(), new RegExp(`^${await shown()} of ${all}`));
  await page.close();
});

test('a comparison says first who agrees with the network, and shows every figure of the record', async () => {
  const page = await opened('explanations.html');
  assert.deepEqual(await headings(page),
      ['Methods compared', 'Explanations side by side', 'Explanation', 'How to reproduce', 'How to reproduce']);
  assert.equal(await page.locator('h1').textContent(), 'Do feature-level explanations agree with what the network does?');
  assert.match(await page.locator('.headline .say').first().textContent(), /\d of 3 methods agrees? with what the network does better than scores that know nothing/);
  const {methods, leaders, random} = read('comparison.json').summary;
  for (const measure of ['evaluate.spearman', 'every-mus.auroc', 'removal.error']) {
    const figure = page.locator(`figure[data-name="${measure}"]`);
    const [means, ahead] = [figure.locator('.forest').first(), figure.locator('.forest').last()];
    for (const {method, measures} of methods.filter((some) => measure in some.measures)) {
      const {mean, interval} = measures[measure];
      const row = await means.locator('.fl', {has: page.getByText(method, {exact: true})}).locator('.fv').textContent();
      const sign = interval && random[measure] && interval[0] > random[measure][1] ? '▲ ' : '';
      assert.ok(row.startsWith(`${sign}${mean.toFixed(2)}`.replace('-', '−')) || row.startsWith('▼'), `${measure} ${method}: ${row}`);
    }
    const leader = leaders[measure];
    assert.match(await ahead.locator('.fs').textContent(), new RegExp(`^${leader.method} is ahead by`));
    assert.ok((await figure.locator('figcaption').textContent()).includes(leader.best ? `best: ${leader.method}` : `none is best: ${leader.method} leads`));
    for (const difference of leader.differences) {
      const hollow = await ahead.locator('.fl', {has: page.getByText(difference.method, {exact: true})}).locator('.point.hollow').count();
      assert.equal(hollow, leader.not_told_apart.includes(difference.method) ? 1 : 0, `${measure} ${difference.method}`);
    }
  }
  await page.close();
});

test('places the dots of a comparison where their numbers are, chance included', async () => {
  const page = await opened('explanations.html');
  const {methods, random} = read('comparison.json').summary;
  const {mean} = methods.find((method) => method.method === 'gradient-norm').measures['evaluate.spearman'];
  const row = page.locator('figure[data-name="evaluate.spearman"] .forest').first().locator('.fl', {has: page.getByText('gradient-norm', {exact: true})});
  const along = (value) => 2 + 96 * (value + 1) / 2; // per cent, on an axis from -1 to 1
  assert.ok(Math.abs(parseFloat(await row.locator('circle').getAttribute('cx')) - along(mean)) < 0.01);
  assert.ok(Math.abs(parseFloat(await row.locator('.chance').getAttribute('x')) - along(random['evaluate.spearman'][0])) < 0.01);
  await page.close();
});

test('shows scores of a feature under every method, by mouse and by keyboard', async () => {
  const page = await opened('explanation.html');
  const rows = page.locator('.xr');
  const {explanations, features} = read('explanation.json');
  const text = (score) => `${score < 0 ? '' : '+'}${score.toFixed(3)}`;
  for (const [i, {scores}] of explanations.entries())
    assert.deepEqual(await rows.nth(i).locator('small').allTextContents(), scores.map(text));
  const shows = async (feature) => {
    const said = await page.locator('.read').first().textContent();
    assert.equal(said, feature === null ? '' : `${features[feature].name}: ${explanations.map(({method, scores}) => `${method} ${text(scores[feature])}`).join(', ')}`);
    assert.equal(await page.locator('.pointed').count(), feature === null ? 0 : 2);
  };
  await shows(null);
  await rows.first().locator('[data-feature="1"]').hover();
  await shows(1);
  await page.locator('h1').hover();
  await shows(null);
  assert.equal(await page.locator('.xr [tabindex="0"]').count(), 1);
  await page.locator('.xr [tabindex="0"]').focus();
  await shows(0);
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
  await shows(2);
  assert.equal(await page.evaluate(() => document.activeElement.closest('.xr').dataset.method), 'lime:deletion');
  await page.keyboard.press('ArrowLeft');
  await shows(1);
  await page.close();
});

test('steps through the inputs of a comparison, with what must matter in them', async () => {
  const page = await opened('explanations.html');
  const {inputs} = read('comparison.json');
  const group = page.getByRole('group', {name: 'Explained inputs'});
  const shown = group.locator('.case:visible');
  const words = (text) => text.trim().split(/\s+/).join(' ');
  for (const input of inputs.slice(0, 3)) {
    assert.equal(await shown.count(), 1);
    const tokens = await shown.locator('.xr').first().locator('code, .ctx').allTextContents();
    assert.equal(words(tokens.join(' ')), words(input.input));
    assert.equal(await shown.locator('.xr:not(.known)').count(), input.methods.length);
    assert.ok(await shown.locator('.xr.known').count() > 0);
    await page.getByRole('button', {name: 'next'}).click();
  }
  await group.press('ArrowLeft');
  assert.match(await group.locator('output').textContent(), new RegExp(`^Input 3 of ${inputs.length}`));
  await page.close();
});

test('shows what SLALOM fitted, and how far it may be trusted', async () => {
  const page = await opened('slalom.html');
  assert.deepEqual(page.complaints, []);
  const [{readings, diagnostics}] = read('slalom.json').explanations;
  const figure = page.locator('figure[data-name="slalom:short-fit"]');
  assert.equal(await figure.locator('circle').count(), readings.value.length);
  assert.equal(await figure.locator('circle.int').count(), readings.value.filter((value) => value < 0).length);
  const said = await figure.locator('[role=img]').getAttribute('aria-label');
  assert.ok(said.includes(`importance ${Number(readings.importance[0].toPrecision(3))}`), said);
  assert.ok((await page.locator('dl.kv').allTextContents()).some((text) => text.includes(`of ${diagnostics.pairs.toLocaleString('en')}`)));
  await page.close();
});

test('scores of many tokens flow over lines, and are read out one by one', async () => {
  const page = await opened('tokens.html', {viewport: {width: 400, height: 800}});
  const {features, explanations} = read('tokens.json');
  assert.ok(features.length > 24);
  assert.equal(await page.locator('.xr').first().locator('[data-feature]').count(), features.length);
  await page.locator('.xr').first().locator('[data-feature]').last().hover();
  assert.ok((await page.locator('.read').first().textContent()).startsWith(`${features.at(-1).name}: ${explanations[0].method} `));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
  await page.close();
});

const hostile = '</script><b id=hostile>bold</b><!--<script>alert(1)//{{data}}';

test('keeps texts as texts, whatever they say', async () => {
  const report = read('validation.json');
  report.title = hostile;
  report.command = hostile;
  report.nodes[0].evidence[0].statement = hostile;
  for (const node of report.nodes) if (node.node === 'or') node.node = hostile;
  for (const row of report.rows) if (row.node === 'or') row.node = hostile;
  write('hostile.json', report);
  assay('report', at('hostile.json'), '--out', at('hostile.html'), '--quiet');
  const page = await opened('hostile.html');
  assert.deepEqual(page.complaints, []);
  assert.equal(await page.locator('#hostile').count(), 0);
  assert.ok((await page.locator('.card h3').nth(2).textContent()).includes(hostile));
  await page.close();
});

test('stays legible with long titles, right-to-left texts and records of few parts', async () => {
  const report = read('validation.json');
  report.title = 'Ω'.repeat(500);
  report.nodes[0].evidence[0].statement = 'שלום '.repeat(40) + '\u202e' + 'x'.repeat(300);
  for (const node of report.nodes) {
    if (node.node === 'parse') node.node = 'p'.repeat(200);
    node.parents = node.parents.map((parent) => (parent === 'parse' ? 'p'.repeat(200) : parent));
    delete node.grip;
  }
  for (const row of report.rows) {
    if (row.node === 'parse') row.node = 'p'.repeat(200);
    row.witnesses = [];
  }
  report.model.path = 'gone.safetensors';
  write('long.json', report);
  assay('report', at('long.json'), '--out', at('long.html'), '--quiet');
  for (const width of [320, 1280]) {
    const page = await opened('long.html', {viewport: {width, height: 800}});
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    await page.close();
  }
});

test('holds 300 steps and a hundred thousand witnesses', async () => {
  const report = read('validation.json');
  const [node] = report.nodes.filter((some) => some.node === 'evaluate');
  const rows = report.rows.filter((row) => row.node === 'evaluate').map((row) => ({...row, witnesses: row.witnesses.slice(0, 1)}));
  report.model.path = 'gone.safetensors';
  report.nodes = [];
  report.rows = [];
  for (let i = 0; i < 300; ++i) {
    report.nodes.push({...node, node: `n${i}`, evidence: [], parents: i === 0 ? ['tokens'] : [`n${i - 1}`]});
    report.rows.push(...rows.map((row) => ({...row, node: `n${i}`})));
  }
  const [first] = report.rows.filter((row) => row.axiom === 'PE' && row.witnesses.length > 0);
  const [witness] = first.witnesses;
  first.failures = report.inputs = 100000;
  for (const row of report.rows) Object.assign(row, {n: 100000, answers: [], where: undefined});
  report.nodes[0].inherited_failures = 0;
  first.witnesses = Array.from({length: 100000}, (_, input) => ({...witness, input, network: [1], interpretation: [0]}));
  write('many.json', report);
  assay('report', at('many.json'), '--out', at('many.html'), '--quiet');
  const page = await opened('many.html', {viewport: {width: 400, height: 800}});
  assert.deepEqual(page.complaints, []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
  assert.equal(await page.locator('.card').count(), 300);
  assert.equal(await page.locator('[role=tab]').count(), 8);
  assert.ok(fs.statSync(at('many.html')).size < 6e6);
  await page.close();
});

test('without the network, shows what the report alone can tell and says why there is no more', async () => {
  const report = read('validation.json');
  report.model.path = 'gone.safetensors';
  write('alone.json', report);
  assay('report', at('alone.json'), '--out', at('alone.html'), '--quiet');
  const page = await opened('alone.html');
  assert.deepEqual(page.complaints, []);
  assert.match(await page.locator('main').textContent(), /attention are not shown: gone\.safetensors is not there/);
  assert.ok(await page.locator('.diff').count() > 0);
  await page.close();
});

test('says everything without scripts', async () => {
  const page = await browser.newPage({javaScriptEnabled: false, viewport: {width: 400, height: 800}});
  await page.goto(`file://${at('validation.html')}`);
  assert.ok(await page.locator('.step').count() > 4);
  assert.equal(await page.locator('.step:visible').count(), await page.locator('.step').count());
  assert.equal(await page.locator('.tools:visible, .tabs:visible').count(), 0);
  await page.close();
});

const looks = ['light', 'dark'].flatMap((colorScheme) => [320, 400, 768, 1280].map((width) => ({colorScheme, width})));
for (const name of ['validation', 'modular', 'dyck', 'exchanged', 'proved', 'report', 'explanations', ...kinds])
  for (const {colorScheme, width} of looks)
    test(`${name} is legible at ${width} px in ${colorScheme} colours`, async () => {
      const page = await opened(`${name}.html`, {colorScheme, viewport: {width, height: 900}});
      await page.evaluate(() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      assert.deepEqual(await page.evaluate(unnamed), []);
      assert.deepEqual(await page.evaluate(contrastFailures, 4.5), []);
      assert.deepEqual(await page.evaluate(smallTexts, 11), []);
      await page.screenshot({path: at(`${name}-${width}-${colorScheme}.png`), fullPage: true});
      await page.close();
    });

/// A circuit file of a network with four layers of eight heads, every third edge in it.
function wideCircuit(layers, heads) {
  const nodes = {input: {in_graph: true}}, edges = {}, writers = ['input'];
  let n = 0;
  const read = (reader, ports) => {
    nodes[reader] = {in_graph: true};
    for (const writer of writers)
      for (const port of ports) {
        edges[`${writer}->${reader}${port}`] = {score: ((n * 7919) % 1000 - 100) / 1000, in_graph: n % 3 === 0};
        ++n;
      }
  };
  for (let layer = 0; layer < layers; ++layer) {
    const names = Array.from({length: heads}, (_, head) => `a${layer}.h${head}`);
    names.forEach((name) => read(name, ['<q>', '<k>', '<v>']));
    writers.push(...names);
    read(`m${layer}`, ['']);
    writers.push(`m${layer}`);
  }
  read('logits', ['']);
  return {cfg: {n_layers: layers, n_heads: Array(layers).fill(heads), parallel_attn_mlp: false, d_model: 128}, nodes, edges};
}

test('a circuit of a thousand edges stays legible: the heaviest at first, any component alone', async () => {
  const circuit = wideCircuit(5, 12);
  const kept = Object.values(circuit.edges).filter((edge) => edge.in_graph).length;
  assert.ok(kept > 1000, `${kept}`);
  write('wide.json', circuit);
  assay('report', at('wide.json'), '--out', at('wide.html'), '--quiet');
  for (const width of [320, 1280]) {
    const page = await opened('wide.html', {viewport: {width, height: 900}});
    assert.deepEqual(page.complaints, []);
    const figure = page.locator('.circuit'), shown = () => figure.locator('.e:not(.out)').count();
    const all = await figure.locator('.e').count();
    assert.ok(all > 1000, `${all}`);
    assert.ok(await shown() > 20 && await shown() <= 200, `${await shown()}`);
    assert.ok((await figure.locator('output').textContent()).startsWith(`${await shown()} of `));
    await figure.locator('.least').fill('0');
    assert.equal(await shown(), all);
    await figure.locator('.search').fill('a1.h1'); // and neither a1.h10 nor a1.h11
    const names = await figure.locator('.e:not(.out)').evaluateAll((nodes) => nodes.map((node) => node.dataset.name));
    assert.ok(names.length > 10 && names.every((name) => /(^| )a1\.h1( |$)/.test(name)), names.join('; '));
    assert.equal(await figure.locator('.found').count(), 1);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    await page.screenshot({path: at(`wide-${width}.png`), fullPage: true});
    await page.close();
  }
});

test('draws an interpretation that is no chain as a graph', async () => {
  const report = read('validation.json');
  const last = report.nodes.at(-1);
  last.parents = ['parse', ...last.parents];
  report.model.path = 'gone.safetensors';
  write('branches.json', report);
  assay('report', at('branches.json'), '--out', at('branches.html'), '--quiet');
  for (const width of [320, 1280]) {
    const page = await opened('branches.html', {viewport: {width, height: 900}});
    assert.deepEqual(page.complaints, []);
    const figure = page.locator('figure[data-name=steps]');
    assert.equal(await figure.locator('.e').count(), report.nodes.reduce((sum, node) => sum + node.parents.length, 0));
    assert.equal(await figure.locator('.n').count(), report.nodes.length + 1);
    assert.match(await figure.locator('[role=img]').getAttribute('aria-label'), /or from parse, evaluate/);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    await page.close();
  }
  const chain = await opened('validation.html');
  assert.equal(await chain.locator('figure[data-name=steps]').count(), 0);
  await chain.close();
});

test('says programs and answers in words', async () => {
  const report = await opened('validation.html');
  assert.match(await report.locator('details', {hasText: 'tries, in words'}).textContent(), /if assignment \d+ \(x0=[01] .*\) satisfies the clauses: /);
  assert.match(await report.locator('.card').nth(2).textContent(), /Answer “satisfiable” if any/);
  await report.close();
  const explanation = await opened('explanation.html');
  assert.match(await explanation.locator('.say').textContent(), /^The network answers unsatisfiable\./);
  assert.match(await explanation.locator('.facts').textContent(), /the log-odds of unsatisfiable/);
  await explanation.close();
});

test('saves any figure as SVG, PNG and CSV that stand alone and hold its data', async () => {
  const page = await opened('report.html', {colorScheme: 'dark'});
  await page.evaluate(() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));
  const figures = page.locator('main figure');
  assert.equal(await figures.locator('.tools').count(), await figures.count());
  const rows = page.locator('figure[data-name=rows]');
  const saved = async (figure, kind) => {
    const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', {name: `as ${kind}`}).click()]);
    assert.ok(download.suggestedFilename().endsWith(`.${kind.toLowerCase()}`));
    return fs.readFileSync(await download.path());
  };
  for (const figure of [rows, page.locator('figure[data-name=circuit]'), page.locator('figure[data-name=training]'), page.locator('.att figure:visible').first()]) {
    const svg = (await saved(figure, 'SVG')).toString();
    assert.ok(svg.startsWith('<svg') && !svg.includes('var('), svg.slice(0, 300));
    assert.ok(svg.includes('fill="#fff"') && /<text[ >]/.test(svg));
    const png = await saved(figure, 'PNG');
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    const box = await figure.boundingBox();
    assert.ok(Math.abs(png.readUInt32BE(16) - 2 * box.width) <= 2);
    fs.writeFileSync(at(`saved-${await figure.getAttribute('data-name')}.svg`.replace(/[^\w.-]/g, '_')), svg);
    fs.writeFileSync(at(`saved-${await figure.getAttribute('data-name')}.png`.replace(/[^\w.-]/g, '_')), png);
    assert.ok((await saved(figure, 'CSV')).toString().split('\n').length > 2);
  }
  const csv = (await saved(rows, 'CSV')).toString().trim().split('\n').slice(1).map((line) => line.split(','));
  read('validation.json').rows.forEach((row, i) => {
    assert.deepEqual(csv[i].slice(0, 2).concat(csv[i].slice(3, 5).map(Number)), [row.node, row.axiom, row.n, row.failures]);
    assert.equal(Number(csv[i][5]), row.rate);
  });
  const svg = (await saved(rows, 'SVG')).toString();
  for (const word of ['parse', 'chance', 'violated']) assert.ok(svg.includes(word), word);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('saves the figures of comparisons and explanations with their data', async () => {
  const saved = async (page, name, kind) => {
    const figure = page.locator(`figure[data-name="${name}"]`).first();
    const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', {name: `as ${kind}`}).click()]);
    return fs.readFileSync(await download.path());
  };
  const page = await opened('explanations.html', {colorScheme: 'dark'});
  const {methods, leaders} = read('comparison.json').summary;
  const lines = (await saved(page, 'evaluate.spearman', 'CSV')).toString().trim().split('\n').slice(1).map((line) => line.split(','));
  for (const [measure, method, mean,,,,,, leader, difference] of lines) {
    assert.equal(Number(mean), methods.find((some) => some.method === method).measures[measure].mean);
    assert.equal(leader, leaders[measure].method);
    const paired = leaders[measure].differences.find((some) => some.method === method);
    assert.equal(difference, paired ? String(paired.mean) : '', `${method} ${difference}`);
  }
  const svg = (await saved(page, 'evaluate.spearman', 'SVG')).toString();
  for (const word of ['lime:deletion', 'ahead', 'evaluate']) assert.ok(svg.includes(word), word);
  assert.ok(!svg.includes('var('));
  fs.writeFileSync(at('saved-evaluate.svg'), svg);
  fs.writeFileSync(at('saved-evaluate.png'), await saved(page, 'evaluate.spearman', 'PNG'));
  fs.writeFileSync(at('saved-scores.png'), await saved(page, 'scores', 'PNG'));
  const [first] = read('comparison.json').inputs;
  const scores = (await saved(page, 'scores', 'CSV')).toString().trim().split('\n').filter((line) => line.startsWith('1,lime:deletion,'));
  assert.deepEqual(scores.map((line) => Number(line.split(',').at(-1))), first.methods.find(({method}) => method === 'lime:deletion').scores);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

// A browser holds back a page's tenth download or so, so that every figure is saved from a page of its own.
test('every figure saves pictures that are whole, and its numbers', async () => {
  const figures = (page) => page.locator('main figure:visible');
  for (const name of ['exchanged.html', 'modular.html', 'proved.html', ...kinds.map((kind) => `${kind}.html`)]) {
    const first = await opened(name);
    const count = await figures(first).count();
    await first.close();
    for (let i = 0; i < count; ++i) {
      const page = await opened(name);
      const figure = figures(page).nth(i);
      const which = await figure.getAttribute('data-name');
      const saved = async (kind) => {
        const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', {name: `as ${kind}`}).click()]);
        return fs.readFileSync(await download.path());
      };
      const svg = (await saved('SVG')).toString();
      const problem = await page.evaluate((text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent, svg);
      assert.equal(problem, undefined, `${name} ${which}`);
      const [head, ...lines] = (await saved('CSV')).toString().trim().split('\n');
      assert.ok(lines.length > 0 && head.includes(','), `${name} ${which}`);
      const png = await saved('PNG');
      assert.equal(png.subarray(1, 4).toString(), 'PNG', `${name} ${which}`);
      assert.ok(Math.abs(png.readUInt32BE(16) - 2 * (await figure.boundingBox()).width) <= 2, `${name} ${which}`);
      assert.deepEqual(page.complaints, []);
      await page.close();
    }
  }
});

test('prints the figures of a comparison whole, and the first inputs', async () => {
  const page = await opened('explanations.html', {colorScheme: 'dark', viewport: {width: 680, height: 1000}});
  await page.emulateMedia({media: 'print'});
  await page.pdf({path: at('explanations.pdf'), format: 'A4', margin: {top: '15mm', bottom: '15mm', left: '15mm', right: '15mm'}});
  assert.equal(await page.locator('details:not([open])').count(), 0);
  const cut = await page.locator('table, figure svg').evaluateAll((nodes) =>
    nodes.filter((node) => node.getBoundingClientRect().right > document.body.getBoundingClientRect().right + 1).length);
  assert.equal(cut, 0);
  assert.equal(await page.locator('.case:visible').count(), 3 + 1); // of the comparison, and the one explanation
  assert.deepEqual(await page.evaluate(contrastFailures, 4.5), []);
  await page.screenshot({path: at('explanations-print.png'), fullPage: true});
  await page.close();
});

for (const name of ['validation', 'modular', 'dyck', 'exchanged', 'proved', 'report', ...kinds])
  test(`${name} prints on A4: every step and every fold, in dark ink`, async () => {
    const page = await opened(`${name}.html`, {colorScheme: 'dark', viewport: {width: 680, height: 1000}});
    await page.emulateMedia({media: 'print'});
    await page.pdf({path: at(`${name}.pdf`), format: 'A4', margin: {top: '15mm', bottom: '15mm', left: '15mm', right: '15mm'}});
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    assert.equal(await page.locator('details:not([open])').count(), 0);
    assert.equal(await page.locator('.step:visible').count(), await page.locator('.step').count());
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 680);
    assert.deepEqual(await page.evaluate(contrastFailures, 4.5), []);
    await page.screenshot({path: at(`${name}-print.png`), fullPage: true});
    await page.close();
  });
