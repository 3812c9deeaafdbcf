"""sarif-tools reads the SARIF report and finds in it the failures and warnings of the JSON report."""

import json
import sys
from pathlib import Path

from sarif import loader

out = Path(sys.argv[1])
report = json.loads((out / "report.json").read_text(encoding="utf-8"))
sarif = loader.load_sarif_file(str(out / "report.sarif"))
assert sarif.get_distinct_tool_names() == ["pushspec"], sarif.get_distinct_tool_names()
records = sarif.get_records()
errors = [record for record in records if record["Severity"] == "error"]
warnings = [record for record in records if record["Severity"] == "warning"]
assert len(errors) == report["totals"]["fail"] > 0, (len(errors), report["totals"])
assert len(warnings) == report["totals"]["warn"], (len(warnings), report["totals"])
assert all(record["Location"] and record["Code"] for record in records), records
print(f"  {len(errors)} errors and {len(warnings)} warnings, each with its rule and place")
