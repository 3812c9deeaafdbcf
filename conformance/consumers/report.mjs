// The JSON report that all other reports of its directory are held against.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const out = process.argv[2];
export const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8'));
// Whether the baseline bears what a case found.
export const isKnown = one => one.baseline?.standing === 'known';
// How many cases came to one of these verdicts and are not borne.
export const count = (...verdicts) => report.cases.filter(one => verdicts.includes(one.verdict) && !isKnown(one)).length;
// What is borne; where there is such, nothing may be left that fails a build.
export const known = report.cases.filter(isKnown).length;
assert.equal(count('fail') === 0, known > 0, 'either failures, or all of them known');
