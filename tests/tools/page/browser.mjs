// Chromium without a window and without a network, for the tests and the picture in the README.

import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

export const source = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const pageFolder = path.join(source, 'tools/page');

const {chromium} = createRequire(path.join(pageFolder, 'package.json'))('playwright-core');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launched() {
  return chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags});
}

/** Opens a report page, drawn to the end; whatever it complains about or asks for is collected. */
export async function opened(browser, file, options = {}) {
  const page = await browser.newPage({viewport: {width: 1100, height: 900}, ...options});
  const url = pathToFileURL(file).href;
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url) page.complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(url + (options.hash ?? ''));
  await page.waitForSelector('html[data-drawn]', {state: 'attached'});
  return page;
}
