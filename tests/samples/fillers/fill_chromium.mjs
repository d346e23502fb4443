// Fills a form in Chromium's own PDF viewer as a person does who never lifts a hand to the mouse: Tab
// from box to box, letters, Space on a circle, and at the end the viewer's download button ("With
// your changes").
// Usage: node fill_chromium.mjs BLANK.pdf ANSWERS.json OUT.pdf /usr/bin/chromium
import { mkdtemp, readFile, rm } from "node:fs/promises";
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
  ],
});
try {
  const page = browser.pages()[0];
  await page.goto(`http://127.0.0.1:${server.address().port}/form.pdf`);
  await page.waitForTimeout(2500);
  const keys = await browser.newCDPSession(page);
  await page.mouse.click(380, 80); // an empty corner of the first page: the viewer now has the keyboard
  for (const [name, state] of answers.stops) {
    await page.keyboard.press("Tab");
    if (state === null && name in answers.text) {
      for (const letter of answers.text[name]) await strike(page, keys, letter);
    } else if (state !== null && answers.buttons[name] === state) {
      await page.keyboard.press("Space");
    }
  }
  await page.mouse.click(380, 80);
  await save(page);
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}

async function strike(page, keys, letter) {
  if (letter === "\n") {
    await page.keyboard.press("Enter");
  } else {
    await keys.send("Input.dispatchKeyEvent", { type: "keyDown", text: letter });
    await keys.send("Input.dispatchKeyEvent", { type: "keyUp" });
  }
}

async function save(page) {
  const viewer = page.frames().find((frame) => frame.url().startsWith("chrome-extension://"));
  await page.screenshot({ path: "/tmp/ff/samples/c2.png" });
  const arrived = page.waitForEvent("download");
  await viewer.locator("viewer-download-controls #save").click();
  await page.waitForTimeout(500);
  await page.screenshot({ path: "/tmp/ff/samples/c3.png" });
  const changed = viewer.locator("viewer-download-controls #save-edited");
  if (await changed.isVisible()) await changed.click();
  await (await arrived).saveAs(out);
}
