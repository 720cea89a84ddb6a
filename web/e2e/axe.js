// WCAG 2.2 AA as far as axe-core can tell.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** @typedef {import('playwright-core').Page} Page */

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const required = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/**
 * What axe finds: rule and element, those of WCAG and those of good practice apart.
 * @param {Page} page
 */
export async function audit(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source); // by the debugger, which the site's policy does not bind
  return page.evaluate(async (tags) => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, { runOnly: [...tags, 'best-practice'], resultTypes: ['violations'] });
    const broken = /** @type {string[]} */ ([]);
    const advice = /** @type {string[]} */ ([]);
    for (const { id, tags: of, nodes } of violations) {
      for (const { target, failureSummary } of nodes) {
        const required = of.some((/** @type {string} */ tag) => tags.includes(tag));
        (required ? broken : advice).push(`${id} ${target}: ${failureSummary.replace(/\s+/g, ' ')}`);
      }
    }
    return { broken, advice };
  }, required);
}

/** Audits, noted by what they find. @param {import('node:test').TestContext} t */
export function auditor(t) {
  const broken = /** @type {Record<string, string[]>} */ ({}); // finding -> where
  const advice = /** @type {Record<string, string[]>} */ ({});
  let audits = 0;
  return {
    /** @param {string} where @param {Page} page */
    async look(where, page) {
      const result = await audit(page);
      audits++;
      for (const line of result.broken) (broken[line] ??= []).push(where);
      for (const line of result.advice) (advice[line] ??= []).push(where);
    },
    done() {
      for (const [line, where] of Object.entries(advice)) t.diagnostic(`advice (${where.join(', ')}): ${line}`);
      t.diagnostic(`figure: ${audits} audits, ${Object.keys(broken).length} violations`);
      assert.deepEqual(broken, {});
    },
  };
}
