// node time_per_token.mjs RESULTS_DIR > rows.json: the result JSON of the runs behind the README's
// picture as the table that time_per_token.vl.json draws. Sums only, and a check that the parts of
// a bar add up to the measured mean.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

// The first six pin the step at the paper's 20 ms; the others derive it.
const kRuns = [
  ['paper_pinned', 'no verification'],
  ['v2_5_a', 'stop and wait, every token, 0.94 GB hashed'],
  ['sane_new_kv', 'stop and wait, every token, new KV hashed'],
  ['sync_k32', 'stop and wait, every 32 tokens, 0.94 GB'],
  ['v3_0_k1', 'behind generation, every token, 0.94 GB'],
  ['v3_0_k32', 'behind generation, every 32 tokens, 0.94 GB'],
  ['derived', 'A100, 64k: no verification'],
  ['paper_13b_64k', 'A100, 64k: behind generation, every 32 tokens'],
];
const kParts = {
  'step, pinned': ['assumed'], 'weights': ['weights'], 'attention, anchors': ['attention', 'anchors'],
  'launch, host': ['launch', 'host'], 'transfer, sync, ledger': ['quantize', 'transfer', 'sync', 'ledger'],
  'hash': ['hash'], 'stall: verifier behind': ['stall', 'rollback'],
};

const bars = [], totals = [];
for (const [file, run] of kRuns) {
  const result = JSON.parse(readFileSync(join(process.argv[2], `${file}.json`), 'utf8'));
  const mean = 1e3 * result.latency.tpot_s.mean;
  let left = 0;
  Object.entries(kParts).forEach(([part, names], place) => {
    const ms = 1e3 * names.reduce((sum, n) => sum + result.time_breakdown_s[n], 0);
    if (ms > 0) bars.push({run, part, place, from: left, to: left + ms});
    left += ms;
  });
  if (Math.abs(left - mean) > 1e-3 * mean)
    throw new Error(`${file}: the parts sum to ${left} ms, the mean is ${mean} ms`);
  totals.push({run, ms: mean});
}
process.stdout.write(JSON.stringify({bars, totals}));
