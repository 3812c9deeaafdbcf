// junit2json reads the JUnit report and finds in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'junit2json';

const out = process.argv[2];
const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8'));
const { testsuite: suites } = await parse(readFileSync(`${out}/report.xml`, 'utf8'));
const cases = suites.flatMap(suite => suite.testcase);
const count = has => cases.filter(has).length;

assert.equal(count(one => one.failure), report.totals.fail);
assert.ok(report.totals.fail > 0);
assert.equal(count(one => one.error), report.totals.inconclusive + report.totals.error);
assert.equal(count(one => one.skipped), report.totals.not_applicable);
assert.equal(cases.length, report.cases.length);
console.log('  the counts of the report');
for (const one of report.cases.filter(one => one.verdict === 'fail')) {
  const found = cases.filter(known => known.name === one.id && known.failure).map(known => known.failure[0]);
  assert.ok(found.some(({ message, inner }) => message === one.found && inner.includes(one.requirements[0])), one.id);
}
console.log('  every failure with what was found and its requirement');
