// Fills a form with pdf-lib, the library behind many web portals that hand out filled PDFs.
// Usage: node fill_pdflib.mjs BLANK.pdf ANSWERS.json OUT.pdf FONT.ttf
import { readFile, writeFile } from "node:fs/promises";
import fontkit from "@pdf-lib/fontkit";
import { PDFDocument } from "pdf-lib";

const [blank, answersFile, out, fontFile] = process.argv.slice(2);
const answers = JSON.parse(await readFile(answersFile, "utf8"));
const doc = await PDFDocument.load(await readFile(blank));
doc.registerFontkit(fontkit);
const font = await doc.embedFont(await readFile(fontFile), { subset: true });
const form = doc.getForm();
for (const [name, text] of Object.entries(answers.text)) {
  const field = form.getTextField(name);
  field.setFontSize(9);
  field.setText(text);
}
for (const [name, state] of Object.entries(answers.buttons)) {
  form.getRadioGroup(name).select(state);
}
form.updateFieldAppearances(font);
await writeFile(out, await doc.save({ updateFieldAppearances: false }));
