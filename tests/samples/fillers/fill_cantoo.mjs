// Fills a form with @cantoo/pdf-lib, the fork of pdf-lib that is kept up, with the form's own fonts.
// Usage: node fill_cantoo.mjs BLANK.pdf ANSWERS.json OUT.pdf
import { readFile, writeFile } from "node:fs/promises";
import { PDFDocument } from "@cantoo/pdf-lib";

const [blank, answersFile, out] = process.argv.slice(2);
const answers = JSON.parse(await readFile(answersFile, "utf8"));
const doc = await PDFDocument.load(await readFile(blank));
const form = doc.getForm();
for (const [name, text] of Object.entries(answers.text)) form.getTextField(name).setText(text);
for (const [name, state] of Object.entries(answers.buttons)) form.getRadioGroup(name).select(state);
await writeFile(out, await doc.save());
