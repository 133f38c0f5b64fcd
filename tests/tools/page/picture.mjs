// The top of a report page as a picture, if one is named, and how long the page took:
//   node tests/tools/page/picture.mjs runs/quickstart/report.html docs/report.png

import fs from 'node:fs';
import path from 'node:path';

import {launched, opened} from './browser.mjs';

const [file, picture] = process.argv.slice(2);
const browser = await launched();
const page = await opened(browser, path.resolve(file), {viewport: {width: 980, height: 1040}});
const times = await page.evaluate(() => ({
  read: Math.round(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd),
  words: Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime),
  all: Math.round(performance.getEntriesByName('drawn')[0].startTime),
}));
console.log(`${fs.statSync(file).size} bytes, read after ${times.read} ms, words on screen after ${times.words} ms, all of it after ${times.all} ms`);
if (picture) await page.screenshot({path: picture});
await browser.close();
