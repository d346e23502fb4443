// Fills a form in Chromium's own PDF viewer as a person does: a click into each box or circle, letters
// on the keyboard, and at the end the viewer's download button ("With your changes").
// Usage: node fill_chromium.mjs BLANK.pdf ANSWERS.json OUT.pdf /usr/bin/chromium
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [blank, answersFile, out, browserFile] = process.argv.slice(2);
const answers = JSON.parse(await readFile(answersFile, "utf8"));
const bytes = await readFile(blank);
const server = http.createServer((_, reply) => {
  reply.writeHead(200, { "content-type": "application/pdf" });
  reply.end(bytes);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const profile = await mkdtemp(join(tmpdir(), "formflow-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: browserFile,
  viewport: { width: 1200, height: 1400 },
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--enable-features=PdfUseShowSaveFilePicker",
  ],
});
try {
  const page = browser.pages()[0];
  await page.goto(`http://127.0.0.1:${server.address().port}/form.pdf`);
  await page.waitForTimeout(2500);
  const viewer = page.frames().find((frame) => frame.url().startsWith("chrome-extension://"));
  const keys = await browser.newCDPSession(page);
  for (const box of answers.boxes) {
    await page.mouse.click(380, 700); // the margin: leave the box before, or a later page takes no letters
    await page.mouse.click(...(await placeOnScreen(page, viewer, box)));
    for (const letter of answers.text[box.name] ?? "") await strike(page, keys, letter);
  }
  await save(viewer);
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}

async function placeOnScreen(page, viewer, box) {
  const moves = await viewer.evaluate((number) => {
    const { viewport } = document.querySelector("pdf-viewer");
    if (viewport.getMostVisiblePage() === number) return false;
    viewport.goToPage(number);
    return true;
  }, box.page);
  await page.waitForTimeout(moves ? 700 : 50);
  return viewer.evaluate(({ number, x, y }) => {
    const { viewport, shadowRoot } = document.querySelector("pdf-viewer");
    const sheet = viewport.getPageScreenRect(number);
    const window = shadowRoot.querySelector("#content").getBoundingClientRect();
    const scale = sheet.height / 841.89; // A4 in points
    return [window.x + sheet.x + x * scale, window.y + sheet.y + y * scale];
  }, { number: box.page, x: box.x, y: box.y });
}

async function strike(page, keys, letter) {
  if (letter === "\n") await page.keyboard.press("Enter");
  else await keys.send("Input.dispatchKeyEvent", { type: "char", text: letter });
}

// The viewer asks where to save with a window of the operating system, which no script can answer
// here. We answer for it and take the bytes that the viewer would have written.
async function save(viewer) {
  await viewer.evaluate(() => {
    window.saved = new Promise((done) => {
      window.showSaveFilePicker = async () => ({
        createWritable: async () => ({
          write: async (blob) => done([...new Uint8Array(await blob.arrayBuffer())]),
          close: async () => {},
        }),
      });
    });
  });
  await viewer.locator("viewer-download-controls #save:visible").click();
  await viewer.locator("#save-edited:visible").click();
  await writeFile(out, Buffer.from(await viewer.evaluate(() => window.saved)));
}
