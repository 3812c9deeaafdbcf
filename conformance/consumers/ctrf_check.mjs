// The ctrf package validates the CTRF report and counts in it what the JSON report says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { calculateSummary, parse, validateStrict } from 'ctrf';
import { count, known, out } from './report.mjs';

const text = readFileSync(`${out}/report.ctrf.json`, 'utf8');
validateStrict(JSON.parse(text));
console.log('  follows the schema of CTRF');
const { results } = parse(text);
const counted = calculateSummary(results.tests);
for (const [name, wanted] of Object.entries({
  passed: count('pass', 'warn'),
  failed: count('fail'),
  skipped: count('not-applicable') + known,
  other: count('inconclusive', 'error'),
})) {
  assert.equal(counted[name], wanted, name);
  assert.equal(results.summary[name], wanted, name);
}
console.log(`  the counts of the report, ${known} known`);
