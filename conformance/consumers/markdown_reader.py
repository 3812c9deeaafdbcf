"""markdown-it, which reads as GitHub does, makes of the Markdown report what was meant by it."""

import re

from markdown_it import MarkdownIt
from report import KNOWN, OUT, REPORT, count, known

TEXT = (OUT / "report.md").read_text(encoding="utf-8")
ONLY = re.compile(r"</?(details|summary|code|br)( [^>]*)?/?>")

tokens = MarkdownIt("commonmark").enable("table").parse(TEXT)
headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
assert headings and "pushspec" in headings[0], headings
inline = [child for token in tokens for child in token.children or []]
tags = "".join(token.content for token in [*tokens, *inline] if token.type in ("html_block", "html_inline"))
for tag in re.findall(r"<[^>]*>", tags):
    assert ONLY.fullmatch(tag), f"{tag} came through"
assert tags.count("<details>") == tags.count("</details>"), tags
print(f"  {len(headings)} headings, nothing that a target said is markup, every fold is closed")

sections = {name: int(number) for name, number in re.findall(r"^(.*) \((\d+)\)$", "\n".join(headings), re.MULTILINE)}
assert sections.get("Failures", 0) == count("fail"), (sections, REPORT["totals"])
assert sections.get("Known", 0) == KNOWN, sections
for case in REPORT["cases"]:
    if case["verdict"] == "fail":
        told = next((heading for heading in headings if case["id"] in heading), None)
        assert (told is None) == known(case), (case["id"], told)
print(f"  every failure has its heading, {KNOWN} known ones stand in a list of their own")
