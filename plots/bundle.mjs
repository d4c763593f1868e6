// node bundle.mjs FOLDER: joins the browser builds in FOLDER/node_modules into FOLDER/library.js,
// each under its name, version and licence.
import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const folder = process.argv[2];
const parts = ['vega', 'vega-lite', 'vega-embed'].map((name) => {
  const at = join(folder, 'node_modules', name);
  const {version, license} = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
  const terms = readFileSync(join(at, 'LICENSE'), 'utf8').trim().replaceAll('*/', '* /');
  const code = readFileSync(join(at, 'build', `${name}.min.js`), 'utf8')
    .replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '');
  return `/* ${name} ${version}, ${license}\n\n${terms}\n*/\n${code}\n;\n`;
});
writeFileSync(join(folder, 'library.js.part'), parts.join(''));
renameSync(join(folder, 'library.js.part'), join(folder, 'library.js'));
