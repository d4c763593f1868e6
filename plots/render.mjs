// plots/render: SPEC is a file or a name in plots/specs. DATA is a report (.html), its n-th plot of
// that specification with --nth; JSON of named tables; a JSON list, .jsonl or .csv, read as "rows".
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {basename, dirname, join, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {complete} from './report/fill.js';
import {marks, timelineWords} from './report/timeline.js';

const here = dirname(fileURLToPath(import.meta.url));
const kPixels = 900;
const kPngScale = 2;

function fail(message) {
  console.error(`plots/render: ${message}`);
  process.exit(2);
}

function library() {
  const at = [process.env.FIELDSIM_PLOTS, join(here, '../build/release/plots')].filter(Boolean);
  const found = at.find((f) => existsSync(join(f, 'node_modules/vega')));
  if (!found)
    fail(`the plotting library is not in ${at.join(' or ')}; build the target 'plots' first`);
  const require = createRequire(join(resolve(found), 'package.json'));
  const load = async (name) => import(pathToFileURL(require.resolve(name)));
  return Promise.all([load('vega'), load('vega-lite')]);
}

function options(words) {
  const o = {positional: [], words: {}, out: null, nth: 1};
  for (let i = 0; i < words.length; ++i) {
    const next = () => (i + 1 < words.length ? words[++i] : fail(`${words[i]} needs a value`));
    if (words[i] === '-o') o.out = next();
    else if (words[i] === '--nth') o.nth = Number(next());
    else if (words[i] === '--set') {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(next()) || fail('--set takes word=value');
      o.words[name] = /^([-[{0-9]|(true|false|null)$)/.test(value) ? parsed('--set', value) : value;
    } else if (words[i].startsWith('-')) fail(`there is no option ${words[i]}`);
    else o.positional.push(words[i]);
  }
  if (o.positional.length !== 2 || !o.out)
    fail('usage: plots/render SPEC DATA [--set word=value] [--nth N] -o out.svg|out.png');
  return o;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    fail(`${path}: cannot be read (${error.code})`);
  }
}

function parsed(path, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    fail(`${path}: not JSON: ${error.message}`);
  }
}

/** {words, datasets, timeline?} of a data file. */
function plotOf(path, vega, spec, nth) {
  const text = read(path);
  if (path.endsWith('.html')) {
    const block = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(text);
    if (!block) fail(`${path}: a report without plots in it`);
    const same = parsed(path, block[1]).plots.filter((p) => p.spec === spec);
    if (same.length < nth) fail(`${path}: has ${same.length} plots '${spec}'`);
    return same[nth - 1];
  }
  if (path.endsWith('.csv'))
    return {words: {}, datasets: {rows: vega.read(text, {type: 'csv', parse: 'auto'})}};
  if (path.endsWith('.jsonl')) {
    const rows = text.split('\n').filter((l) => l.trim()).map((l) => parsed(path, l));
    return {words: {}, datasets: {rows}};
  }
  const data = parsed(path, text);
  return {words: {}, datasets: Array.isArray(data) ? {rows: data} : data};
}

// A specification that Vega-Lite had to bend is a fault of ours; but of a height in steps and
// "fit-x" it says more than there is to say.
const strict = {
  level: () => strict, info: () => strict, debug: () => strict,
  error: (...m) => fail(m.join(' ')),
  warn: (...m) => (/Dropping "fit-y"/.test(m.join(' ')) ? strict : fail(`${specName}: ${m.join(' ')}`)),
};

const o = options(process.argv.slice(2));
const [vega, vegaLite] = await library();
// Without a canvas Vega takes a glyph to be 0.8 of the font's size wide; those of Helvetica and
// DejaVu Sans are 0.55 to 0.6 on average.
const kGlyph = 0.58;
vega.textMetrics.width = (item, text) => {
  const lines = [text ?? item.text ?? ''].flat();
  return kGlyph * (item.fontSize ?? 11) * Math.max(...lines.map((l) => String(l).length));
};

const [specName, dataPath] = o.positional;
const specPath = existsSync(specName) ? specName : join(here, 'specs', `${specName}.vl.json`);
if (!existsSync(specPath)) fail(`there is no specification '${specName}'`);
const raw = parsed(specPath, read(specPath));
const plot = plotOf(dataPath, vega, basename(specPath).replace('.vl.json', ''), o.nth);
const words = {width: kPixels, ...(raw.usermeta?.words || {}), ...plot.words, ...o.words};
let {datasets} = plot;
if (plot.timeline) {
  Object.assign(words, timelineWords(plot.timeline), o.words);
  datasets = marks(plot.timeline, ...words.window, kPixels);
}
const theme = parsed('theme.json', read(join(here, 'theme.json')));
let svg;
try {
  const compiled = vegaLite.compile(complete(raw, words, datasets, theme), {logger: strict});
  const view = new vega.View(vega.parse(compiled.spec), {renderer: 'none'});
  svg = await view.toSVG();
} catch (error) {
  fail(`${specName}: ${error.message}`);
}
const part = `${o.out}.part`;
try {
  if (o.out.endsWith('.png'))
    writeFileSync(part, execFileSync('rsvg-convert', ['--zoom', String(kPngScale)],
      {input: svg, maxBuffer: 1 << 28}));
  else writeFileSync(part, svg + '\n');
  renameSync(part, o.out);
} catch (error) {
  fail(error.code === 'ENOENT' && error.path === 'rsvg-convert'
    ? 'PNG needs rsvg-convert: .ci/install plots' : `${o.out}: cannot be written (${error.message})`);
}
