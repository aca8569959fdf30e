// harper.mjs FILE - all of harper.js's suggestions on a text. NODE_MODULES is the folder it is in.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const at = pathToFileURL(process.env.NODE_MODULES + "/harper.js/dist/");
const harper = await import(new URL("index.js", at));
const binary = (await import(new URL("binaryInlined.js", at))).binaryInlined;
const linter = new harper.LocalLinter({ binary });
console.log((await linter.lint(readFileSync(process.argv[2], "utf8"))).length);
process.exit(0);
