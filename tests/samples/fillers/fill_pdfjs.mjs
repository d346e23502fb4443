// Fills a form with Mozilla's pdf.js, the viewer inside Firefox: answers go into its annotation
// storage, and its own saveDocument() writes them behind the old file as an incremental save.
// Usage: node fill_pdfjs.mjs BLANK.pdf ANSWERS.json OUT.pdf
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

const [blank, answersFile, out] = process.argv.slice(2);
const answers = JSON.parse(await readFile(answersFile, "utf8"));
const root = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
const doc = await getDocument({
  data: new Uint8Array(await readFile(blank)),
  standardFontDataUrl: join(root, "standard_fonts") + "/",
  verbosity: 0,
}).promise;

const fields = await doc.getFieldObjects();
const storage = doc.annotationStorage;
for (const [name, text] of Object.entries(answers.text)) {
  for (const { id } of fields[name].filter((one) => one.type === "text")) {
    storage.setValue(id, { value: text });
  }
}
for (const [name, state] of Object.entries(answers.buttons)) {
  for (const { id, exportValues } of fields[name].filter((one) => one.type === "radiobutton")) {
    storage.setValue(id, { value: exportValues === state });
  }
}
await writeFile(out, await doc.saveDocument());
await doc.destroy();
