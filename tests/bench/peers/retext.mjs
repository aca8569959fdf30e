// retext.mjs FILE - retext with retext-simplify on a text. NODE_MODULES is the folder they are in.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const load = (name) => import(pathToFileURL(`${process.env.NODE_MODULES}/${name}/index.js`));
const { retext } = await load("retext");
const simplify = (await load("retext-simplify")).default;
console.log((await retext().use(simplify).process(readFileSync(process.argv[2], "utf8"))).messages.length);
