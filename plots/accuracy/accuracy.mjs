// node accuracy.mjs accuracy.json errors|scatter > rows.json: the report of `fidelity_accuracy` as
// the tables that accuracy_errors.vl.json and scatter.vl.json draw.
import {readFileSync} from 'node:fs';

const [, , file, what] = process.argv;
const {parts} = JSON.parse(readFileSync(file, 'utf8'));
const kOperations = ['decode', 'prefill', 'gemm'];
const kKinds = {
  'model, layouts left out': (c) => c.layout.model, 'model, lengths left out': (c) => c.length.model,
  'fitted roofline': (c) => c.layout.roofline, 'analytic level': (c) => c.layout.analytic,
};
const rows = [];
for (const operation of kOperations)
  for (const [part, operations] of Object.entries(parts)) {
    const short = part.split('-')[0].toUpperCase();
    if (what === 'errors')
      for (const [kind, score] of Object.entries(kKinds))
        rows.push({operation, part: short, kind, percent: 100 * score(operations[operation].cross).mape});
    else
      for (const [measured_us, predicted_us] of operations[operation].scatter ?? [])
        rows.push({operation, series: short, what: part, measured_us, predicted_us});
  }
process.stdout.write(JSON.stringify({rows}));
