"""junitparser reads the JUnit report and finds in it what the JSON report says."""

from junitparser import Error, Failure, JUnitXml, Skipped
from report import KNOWN, OUT, REPORT, count, known

xml = JUnitXml.fromfile(str(OUT / "report.xml"))
cases = {(case.name, suite.name): case for suite in xml for case in suite}
by_verdict = {"fail": Failure, "inconclusive": Error, "error": Error, "not-applicable": Skipped}
titles = {"sse": "SSE"}

for case in REPORT["cases"]:
    protocol = titles.get(case["protocol"], "MQTT " + case["protocol"])
    found = cases.pop((case["id"], f"{case['endpoint']} {protocol}"))
    kinds = [type(result) for result in found.result]
    wanted = Skipped if known(case) else by_verdict.get(case["verdict"])
    assert kinds == ([wanted] if wanted else []), (case["id"], case["verdict"], kinds)
    assert found.classname, case["id"]
    if known(case):
        assert found.result[0].message.startswith("known (bug)"), found.result[0].message
    if wanted is Failure:
        text = found.result[0].text
        assert found.result[0].message == case["found"], found.result[0].message
        assert all(requirement in text for requirement in case["requirements"]), text
        assert "expected: " + case["expected"] in text, text
        assert case["trace"] and case["trace"][0]["summary"][:20] in text, text
print(f"  {len(REPORT['cases'])} cases, each with its verdict; {xml.failures} failures with requirement and trace; {KNOWN} known")
assert xml.failures == count("fail"), (xml.failures, REPORT["totals"])
assert xml.errors == count("inconclusive", "error") + len(cases), (xml.errors, REPORT["totals"])
assert xml.skipped == count("not-applicable") + KNOWN, (xml.skipped, KNOWN)
print("  the counts of the report")
