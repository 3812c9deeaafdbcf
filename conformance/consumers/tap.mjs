// tap-parser, in strict mode, reads the TAP report and counts in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Parser } from 'tap-parser';

const out = process.argv[2];
const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8'));
const parser = new Parser({ strict: true });
const points = [], strange = [];
parser.on('assert', point => points.push(point));
parser.on('extra', text => strange.push(text));
parser.end(readFileSync(`${out}/report.tap`, 'utf8'));
const { results } = parser;

assert.deepEqual(strange, []);
const bad = report.totals.fail + report.totals.inconclusive + report.totals.error;
assert.equal(results.count, report.cases.length);
assert.equal(results.fail, bad);
assert.equal(results.skip, report.totals.not_applicable);
assert.equal(results.failures.filter(failure => failure.tapError).length, 0);
assert.ok(bad > 0);
console.log('  valid, with the counts of the report');
for (const one of report.cases.filter(one => one.verdict === 'fail')) {
  const point = points.find(known => !known.ok && known.name.startsWith(one.id));
  assert.equal(point.diag.found, one.found);
  assert.ok(point.diag.account.includes(one.trace[0].summary.slice(0, 20)));
}
console.log('  every failure with what was found and its trace');
