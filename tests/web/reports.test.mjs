// Opens each report of a folder in a headless Chromium and holds what a reader relies on.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {after, before, test} from 'node:test';

const folder = resolve(process.argv[2]);
const {chromium} = createRequire(join(resolve(process.env.FIELDSIM_MODULES), 'package.json'))('playwright-core');
const kLaptop = {width: 1280, height: 800};
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.FIELDSIM_BROWSER,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
});
after(() => browser?.close());

/** The page, drawn, with what it said and asked for. */
async function open(name, options = {}) {
  const context = await browser.newContext({viewport: kLaptop, ...options});
  const page = await context.newPage();
  const said = [], asked = [];
  page.on('console', (m) => said.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => said.push(`error: ${e.message}`));
  page.on('request', (r) => asked.push(r.url()));
  await page.goto(`file://${join(folder, name)}`);
  if (options.drawn !== false)
    await page.waitForFunction(() => document.documentElement.dataset.drawn === 'yes');
  return {page, said, asked, close: () => context.close()};
}

/** Pixels of the element's picture that are of no grey: colour means marks. */
async function coloured(page, selector) {
  const png = await page.locator(selector).first().screenshot();
  return page.evaluate(async (bytes) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const {data} = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) ++count;
    return count;
  }, [...png]);
}

const window_of = (page) => page.locator('figure.timeline').first().evaluate((f) => JSON.parse(f.dataset.window));

for (const name of ['run.html', 'compare.html', 'validate.html', 'analytic.html', 'hostile.html', 'sweep.html', 'agents.html'])
  test(`${name} draws every plot, says nothing on the console and asks the network for nothing`, async () => {
    const {page, said, asked, close} = await open(name);
    assert.deepEqual(said, []);
    assert.deepEqual(asked.filter((u) => !u.startsWith('file:') && !u.startsWith('data:')), []);
    const figures = await page.locator('figure.plot').count();
    assert.ok(figures >= 1);
    assert.equal(await page.locator('figure.plot svg.marks, figure.plot canvas.marks').count(), figures);
    assert.deepEqual(await page.evaluate(() => window.fieldsim.errors), []);
    await close();
  });

test('every plot of a run shows marks, at laptop width, and no axis is without a unit', async () => {
  const {page, close} = await open('run.html');
  for (const kind of ['timeline', 'breakdown', 'resources', 'roofline', 'memory']) {
    const marks = await coloured(page, `figure.${kind} .chart`);
    assert.ok(marks > 200, `${kind}: ${marks} coloured pixels`);
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
  const titles = await page.evaluate(() => window.fieldsim.views.flatMap((v) => {
    const found = [];
    const walk = (item) => {
      if (item.role === 'axis-title') found.push(...item.items.map((i) => i.text));
      (item.items || []).forEach(walk);
    };
    walk(v.scenegraph().root);
    return found;
  }));
  assert.ok(titles.length >= 6, titles.join('; '));
  for (const title of titles) assert.match(title, /, (ms|%|GiB|TFLOP\/s|FLOP per byte)/);
  await close();
});

test('a sweep shows curves, names and its Pareto front, each axis with a unit', async () => {
  const {page, close} = await open('sweep.html');
  for (const kind of ['sweep', 'sweep_names', 'pareto']) {
    assert.ok(await page.locator(`figure.${kind}`).count() >= 1, kind);
    const marks = await coloured(page, `figure.${kind} .chart`);
    assert.ok(marks > 100, `${kind}: ${marks} coloured pixels`);
  }
  const titles = await page.locator('figure.sweep svg .role-axis-title text').allTextContents();
  assert.ok(titles.length >= 4, titles.join('; '));
  for (const title of titles) assert.match(title, /, (tokens|tokens\/s|s)$/);
  const text = await page.locator('main').innerText();
  assert.match(text, /16\s*left out by the constraints/);
  const rings = await page.evaluate(() => window.fieldsim.views.flatMap((v) => v.data('points')).filter((p) => p.front).length);
  assert.ok(rings > 0);
  await close();
});

test('agents have rows of their own, and every kind in the legend has a name', async () => {
  const {page, close} = await open('agents.html');
  const {rows, kinds} = await page.evaluate(() => JSON.parse(document.getElementById('report').textContent).plots.find((p) => p.timeline).timeline);
  assert.ok(rows.some((r) => r.includes('agent 0 does')));
  for (const kind of ['thinks', 'tool', 'boundary']) assert.ok(kinds.includes(kind), kinds.join());
  for (const kind of ['agents', 'session', 'other']) assert.ok(!kinds.includes(kind), kinds.join());
  assert.ok(await coloured(page, 'figure.timeline .chart') > 200);
  await close();
});

test('the wheel zooms the timeline, dragging moves it, and a click brings the whole run back', async () => {
  const {page, close} = await open('run.html');
  const box = await page.locator('figure.timeline canvas').first().boundingBox();
  const whole = await window_of(page);
  const x = box.x + box.width * 0.6, y = box.y + box.height * 0.6;
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await page.waitForFunction((w) => JSON.parse(document.querySelector('figure.timeline').dataset.window)[1] !== w[1], whole);
  const zoomed = await window_of(page);
  assert.ok(zoomed[1] - zoomed[0] < 0.9 * (whole[1] - whole[0]), `${zoomed} of ${whole}`);
  await page.mouse.down();
  await page.mouse.move(x + 120, y, {steps: 4});
  await page.mouse.up();
  await page.waitForFunction((w) => JSON.parse(document.querySelector('figure.timeline').dataset.window)[0] !== w[0], zoomed);
  const moved = await window_of(page);
  assert.ok(Math.abs((moved[1] - moved[0]) / (zoomed[1] - zoomed[0]) - 1) < 0.01);
  assert.ok(moved[0] < zoomed[0]);
  await page.getByRole('button', {name: 'whole run'}).first().click();
  await page.waitForFunction((w) => JSON.parse(document.querySelector('figure.timeline').dataset.window)[1] === w[1], whole);
  await close();
});

test('zooming in shows single kernels that were merged before', async () => {
  const {page, close} = await open('run.html');
  const names = () => page.evaluate(() => window.fieldsim.views[0].data('spans').map((s) => s.name));
  assert.ok(!(await names()).includes('qkv_proj'));
  await page.getByRole('button', {name: 'one decode step'}).first().click();
  await page.waitForFunction(() => window.fieldsim.views[0].data('spans').some((s) => s.name === 'qkv_proj'));
  await close();
});

test('a rollback shows the failed verdict, what was undone and what was generated again', async () => {
  const {page, close} = await open('run.html');
  const json = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  assert.ok(json.recovery.rollbacks > 0);
  await page.getByRole('button', {name: 'rollback 1'}).first().click();
  await page.waitForFunction(() => JSON.parse(document.querySelector('figure.timeline').dataset.window)[0] > 0);
  const shown = await page.evaluate(() => {
    const view = window.fieldsim.views[0];
    return {kinds: view.data('spans').map((s) => s.kind), moments: view.data('instants').map((s) => s.moment),
      flows: view.data('flows').length};
  });
  for (const kind of ['boundary', 'undone', 'rollback', 'regenerated']) assert.ok(shown.kinds.includes(kind), kind);
  assert.ok(shown.moments.includes('failed'));
  assert.ok(shown.flows > 0);
  await close();
});

test('the table of assumptions names kind and source of every number', async () => {
  const {page, close} = await open('run.html');
  const rows = await page.locator('section:has(h2:text("Assumptions and sources")) > .scroll tbody tr').evaluateAll(
    (all) => all.map((r) => [...r.cells].map((c) => c.textContent)));
  assert.ok(rows.length > 20);
  const json = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  assert.equal(rows.filter((r) => r[2] === 'assumed').length, json.assumptions.length);
  for (const [path, value, kind, source] of rows) {
    assert.match(kind, /^(assumed|fitted|measured|datasheet)$/, path);
    assert.ok(value.length > 0 && source.length > 3, path);
  }
  await close();
});

test('dark is dark, the button turns it round, and print is black on white', async () => {
  const {page, close} = await open('run.html', {colorScheme: 'dark'});
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const filter = () => page.locator('.chart').first().evaluate((c) => getComputedStyle(c).filter);
  assert.equal(await paper(), 'rgb(20, 20, 20)');
  assert.match(await filter(), /invert/);
  await page.click('#scheme');
  assert.equal(await paper(), 'rgb(255, 255, 255)');
  assert.equal(await filter(), 'none');
  await page.click('#scheme');
  await page.emulateMedia({media: 'print'});
  assert.equal(await paper(), 'rgb(255, 255, 255)');
  assert.equal(await filter(), 'none');
  assert.equal(await page.locator('nav').isVisible(), false);
  await close();
});

test('a name that would end the script is text', async () => {
  const {page, close} = await open('hostile.html');
  assert.equal(await page.locator('#planted').count(), 0);
  assert.equal(await page.locator('h1').textContent(), '</script><b id=planted>x</b>');
  await close();
});

test('without JavaScript the tables are there and the page says what is not', async () => {
  const {page, close} = await open('run.html', {javaScriptEnabled: false, drawn: false});
  assert.match(await page.locator('noscript').first().innerText(), /need JavaScript/);
  assert.ok(await page.locator('table').count() >= 6);
  await close();
});

test('without the library the page says how to get it and keeps its tables', async () => {
  const {page, said, close} = await open('missing.html', {drawn: false});
  assert.match(await page.locator('#missing').textContent(), /--target plots/);
  assert.ok(await page.locator('table').count() >= 6);
  assert.equal(await page.locator('figure.plot:visible').count(), 0);
  assert.deepEqual(said, []);
  await close();
});

test('the same run gives the same report, byte for byte', () => {
  assert.ok(readFileSync(join(folder, 'run.html')).equals(readFileSync(join(folder, 'again.html'))));
});
