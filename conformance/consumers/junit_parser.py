"""junitparser reads the JUnit report and finds in it what the JSON report says."""

import json
import sys
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped

out = Path(sys.argv[1])
report = json.loads((out / "report.json").read_text(encoding="utf-8"))
xml = JUnitXml.fromfile(str(out / "report.xml"))
cases = {(case.name, suite.name): case for suite in xml for case in suite}
by_verdict = {"fail": Failure, "inconclusive": Error, "error": Error, "not-applicable": Skipped}
titles = {"sse": "SSE"}

for case in report["cases"]:
    protocol = titles.get(case["protocol"], "MQTT " + case["protocol"])
    found = cases.pop((case["id"], f"{case['endpoint']} {protocol}"))
    kinds = [type(result) for result in found.result]
    wanted = by_verdict.get(case["verdict"])
    assert kinds == ([wanted] if wanted else []), (case["id"], case["verdict"], kinds)
    assert found.classname, case["id"]
    if wanted is Failure:
        text = found.result[0].text
        assert found.result[0].message == case["found"], found.result[0].message
        assert all(requirement in text for requirement in case["requirements"]), text
        assert "expected: " + case["expected"] in text, text
        assert case["trace"] and case["trace"][0]["summary"][:20] in text, text
print(f"  {len(report['cases'])} cases, each with its verdict; {xml.failures} failures with requirement and trace")
totals = report["totals"]
assert xml.failures == totals["fail"], (xml.failures, totals)
assert xml.errors == totals["inconclusive"] + totals["error"] + len(cases), (xml.errors, totals)
assert xml.failures > 0, "the report is meant to have a failure"
print("  the counts of the report")
