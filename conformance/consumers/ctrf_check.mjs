// The ctrf package validates the CTRF report and counts in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { calculateSummary, parse, validateStrict } from 'ctrf';

const out = process.argv[2];
const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8'));
const text = readFileSync(`${out}/report.ctrf.json`, 'utf8');
validateStrict(JSON.parse(text));
console.log('  follows the schema of CTRF');
const { results } = parse(text);
const counted = calculateSummary(results.tests);
for (const [name, wanted] of Object.entries({
  passed: report.totals.pass + report.totals.warn,
  failed: report.totals.fail,
  skipped: report.totals.not_applicable,
  other: report.totals.inconclusive + report.totals.error,
})) {
  assert.equal(counted[name], wanted, name);
  assert.equal(results.summary[name], wanted, name);
}
assert.ok(counted.failed > 0);
console.log('  the counts of the report');
