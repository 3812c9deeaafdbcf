"""sarif-tools reads the SARIF report and finds in it the failures and warnings of the JSON report. What is suppressed
fails no build that passes over it, as code scanning does by itself."""

import subprocess
import sys
from pathlib import Path

from report import KNOWN, OUT, REPORT, count
from sarif import loader

PATH = OUT / "report.sarif"
FILTER = """
configuration: {default-include: false, check-line-number: false}
exclude: [{suppression: external}]
"""

sarif = loader.load_sarif_file(str(PATH))
assert sarif.get_distinct_tool_names() == ["pushspec"], sarif.get_distinct_tool_names()
records = sarif.get_records()
assert all(record["Location"] and record["Code"] for record in records), records
errors = sum(record["Severity"] == "error" for record in records)
warnings = sum(record["Severity"] == "warning" for record in records)
every = [case["verdict"] for case in REPORT["cases"]]
assert errors == every.count("fail") > 0, (errors, REPORT["totals"])
assert warnings == every.count("warn"), (warnings, REPORT["totals"])
print(f"  {errors} errors and {warnings} warnings, each with its rule and place")

passed_over = OUT / "suppressed.yaml"
passed_over.write_text(FILTER, encoding="utf-8")
tool = Path(sys.executable).with_name("sarif")
checked = subprocess.run([tool, "--check", "error", "summary", "--filter", passed_over, PATH], capture_output=True, text=True, check=False)
assert checked.returncode == count("fail"), (checked.returncode, checked.stdout, checked.stderr)
print(f"  {KNOWN} suppressed: the check counts {checked.returncode} errors")
