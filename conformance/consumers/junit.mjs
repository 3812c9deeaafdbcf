// junit2json reads the JUnit report and finds in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'junit2json';
import { count, isKnown, known, out, report } from './report.mjs';

const { testsuite: suites } = await parse(readFileSync(`${out}/report.xml`, 'utf8'));
const cases = suites.flatMap(suite => suite.testcase);
const having = has => cases.filter(has).length;

assert.equal(having(one => one.failure), count('fail'));
assert.equal(having(one => one.error), count('inconclusive', 'error'));
assert.equal(having(one => one.skipped), count('not-applicable') + known);
assert.equal(cases.length, report.cases.length);
console.log(`  the counts of the report, ${known} known`);
for (const one of report.cases.filter(one => one.verdict === 'fail' && !isKnown(one))) {
  const found = cases.filter(seen => seen.name === one.id && seen.failure).map(seen => seen.failure[0]);
  assert.ok(found.some(({ message, inner }) => message === one.found && inner.includes(one.requirements[0])), one.id);
}
console.log('  every failure with what was found and its requirement');
