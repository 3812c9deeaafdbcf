// Chromium shows the HTML reports: nothing is loaded or breaks, filters, keys and traces work, and it fits a
// phone. Screenshots are left beside the reports.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import playwright from 'playwright-core';

const { chromium } = playwright;
const [out, executablePath] = process.argv.slice(2);
const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8'));
const profile = mkdtempSync(join(tmpdir(), 'pushspec-page-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath, headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

async function open(name, { width = 1200, height = 900, dark = false } = {}) {
  const page = await context.newPage();
  const trouble = [];
  page.on('request', request => { if (!/^(file|data):/.test(request.url())) trouble.push(request.url()); });
  page.on('pageerror', error => trouble.push(String(error)));
  page.on('console', message => { if (message.type() === 'error') trouble.push(message.text()); });
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  const [file, hash] = name.split('#');
  await page.goto(pathToFileURL(resolve(out, file)) + (hash ? `#${hash}` : ''));
  return { page, trouble };
}

const visible = (page, selector = 'details.case') => page.locator(`${selector}:visible`).count();

async function single() {
  const { page, trouble } = await open('report.html');
  assert.equal(await visible(page), report.cases.length);
  await page.locator('.tile.fail').click();
  assert.equal(await visible(page), report.totals.fail);
  assert.match(page.url(), /verdict=fail/);
  await page.locator('.tile.fail').click();
  const broken = report.cases.find(one => one.verdict === 'fail');
  await page.keyboard.press('/');
  await page.keyboard.type(broken.requirements[0]);
  const having = report.cases.filter(one => JSON.stringify(one.requirements).includes(broken.requirements[0]));
  assert.ok(await visible(page) >= having.length);
  await page.keyboard.press('Escape');
  assert.equal(await visible(page), report.cases.length);
  await page.locator('#protocol').selectOption('sse');
  assert.equal(await visible(page), report.cases.filter(one => one.protocol === 'sse').length);
  await page.locator('#q').fill('no such thing anywhere');
  assert.equal(await visible(page, '#nothing'), 1);
  await page.locator('#clear').click();
  assert.equal(await visible(page), report.cases.length);
  console.log('  verdicts, search, protocol and the address filter the cases');

  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const first = page.locator('details.case').first();
  assert.ok(await first.evaluate(one => one.open), 'j and Enter open the first case');
  const traced = report.cases.find(one => one.verdict === 'fail' && one.trace.length);
  assert.equal(await first.locator('.trace li').count(), traced.trace.length);
  const marks = traced.trace.flatMap(entry => entry.marks ?? []);
  assert.ok(await first.locator('.trace mark').count() > 0 && marks.length > 0, 'deciding bytes are marked');
  assert.ok((await first.locator('.trace .shows').allTextContents()).join().includes(marks[0].note));
  console.log('  keys open a case, its trace has every entry, deciding bytes are marked');

  await page.locator('details.coverage > summary').first().click({ trial: true });
  const cell = page.locator('details.coverage[open] button.cell.fail').first();
  await cell.click();
  assert.ok(await page.locator('dialog[open]').count() === 1);
  await page.locator('#about-cases').click();
  assert.ok(await visible(page) > 0 && await visible(page) < report.cases.length);
  console.log('  a requirement leads to its cases');
  assert.deepEqual(trouble, []);

  const place = `${traced.protocol}:${traced.id}`;
  for (const [name, options] of Object.entries({
    light: {}, dark: { dark: true }, phone: { width: 360, height: 740 }, 'phone-dark': { width: 360, height: 740, dark: true },
  })) {
    const { page, trouble } = await open(`report.html#${place}`, options);
    assert.ok(await page.locator(`[id="${place}"]`).evaluate(one => one.open), 'an address opens its case');
    await page.screenshot({ path: join(out, `case-${name}.png`) });
    for (const one of await page.locator('details.coverage').all()) await one.evaluate(element => { element.open = true; });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name}: ${wide} pixels too wide`);
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: join(out, `top-${name}.png`) });
    await page.evaluate(() => document.querySelector('#requirements').scrollIntoView());
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: join(out, `requirements-${name}.png`) });
    assert.deepEqual(trouble, []);
    await page.close();
  }
  console.log('  light and dark, and nothing is wider than a phone of 360 pixels');
}

async function matrix() {
  const { page, trouble } = await open('matrix.html');
  assert.equal(await visible(page), report.cases.length);
  await page.locator('#differing').check();
  const differing = await visible(page);
  assert.ok(differing > 0 && differing < report.cases.length, `${differing} differ`);
  await page.locator('details.row:visible > summary').first().click();
  assert.ok(await page.locator('details.row[open] .of-target').count() >= 1);
  assert.ok(await page.locator('details.row[open] .trace li').count() > 0);
  await page.screenshot({ path: join(out, 'matrix-light.png') });
  const failures = report.cases.filter(one => one.verdict === 'fail');
  for (const { id, protocol } of failures) {
    const words = await page.locator(`[id="${protocol}:${id}"] > summary .verdict`).allTextContents();
    assert.deepEqual(words.slice(1).map(word => word.trim().split(/\s+/).pop()), ['FAIL', 'KNOWN'], id);
  }
  console.log(`  ${failures.length} failures are FAIL where they are not known, and KNOWN where they are`);
  assert.deepEqual(trouble, []);
  const phone = await open('matrix.html', { width: 360, height: 740, dark: true });
  assert.ok(await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth) <= 0);
  await phone.page.screenshot({ path: join(out, 'matrix-phone-dark.png') });
  console.log('  the matrix shows where targets differ, with both traces');
}

async function cut() {
  const { page, trouble } = await open('cut.html');
  assert.ok(await page.locator('.alarm').first().textContent());
  assert.deepEqual(trouble, []);
  console.log('  a log that was cut makes a page that says so');
}

try {
  await single();
  await matrix();
  await cut();
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
