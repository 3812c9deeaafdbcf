// tap-parser, in strict mode, reads the TAP report and counts in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Parser } from 'tap-parser';
import { count, known, out, report } from './report.mjs';

const parser = new Parser({ strict: true });
const points = [], strange = [];
parser.on('assert', point => points.push(point));
parser.on('extra', text => strange.push(text));
parser.end(readFileSync(`${out}/report.tap`, 'utf8'));
const { results } = parser;

assert.deepEqual(strange, []);
const bad = count('fail', 'inconclusive', 'error');
assert.equal(results.count, report.cases.length);
// `not ok` with TODO counts among those that failed, and fails nothing.
assert.equal(results.fail, bad + known);
assert.equal(results.todo, known);
assert.equal(results.ok, bad === 0);
assert.equal(results.skip, count('not-applicable'));
assert.equal(results.failures.filter(failure => failure.tapError).length, 0);
console.log(`  valid, with the counts of the report, ${known} known: ${results.ok ? 'ok' : 'not ok'} in all`);
for (const one of report.cases.filter(one => one.verdict === 'fail')) {
  const point = points.find(seen => !seen.ok && seen.name.startsWith(one.id));
  assert.equal(point.diag.found, one.found);
  assert.ok(point.diag.account.includes(one.trace[0].summary.slice(0, 20)));
}
console.log('  every failure with what was found and its trace');
