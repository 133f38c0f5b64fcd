// What a reader without a mouse, or without sharp eyes, needs. These run inside the page.

/** Elements that a screen reader could not name, and headings that skip a level. */
export function unnamed() {
  const found = [];
  const describe = (node) => node.outerHTML.slice(0, 100);
  const name = (node) => node.getAttribute('aria-label') || node.textContent.trim() || node.getAttribute('title');
  for (const node of document.querySelectorAll('[role=img], img'))
    if (!(node.getAttribute('aria-label') || node.getAttribute('alt'))) found.push(`no alternative: ${describe(node)}`);
  for (const node of document.querySelectorAll('button, a[href], [role=button], [role=group], summary, nav'))
    if (!name(node)) found.push(`no name: ${describe(node)}`);
  for (const svg of document.querySelectorAll('svg'))
    if (!svg.closest('[aria-label], [aria-hidden=true]')) found.push(`a picture without words: ${describe(svg)}`);
  for (const table of document.querySelectorAll('table'))
    if ([...table.querySelectorAll('thead th')].some((cell) => !cell.scope.startsWith('col'))) found.push(`no scope: ${describe(table)}`);
  const ids = [...document.querySelectorAll('body [id]')].filter((node) => !node.closest('svg')).map((node) => node.id);
  if (new Set(ids).size !== ids.length) found.push('an id stands twice');
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) found.push(`skips a level: ${describe(heading)}`);
    level = next;
  }
  return found;
}

/** Texts whose contrast with what lies behind them is below `least` (WCAG 2.2, 1.4.3). */
export function contrastFailures(least) {
  const parse = (colour) => {
    const numbers = colour.match(/[\d.]+/g)?.map(Number) ?? [];
    return numbers.length < 3 ? null : {rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1};
  };
  const luminance = ({rgb}) => {
    const [r, g, b] = rgb.map((channel) => channel / 255)
        .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const shape = node.closest('g.node')?.querySelector('path');
    const fill = shape && parse(getComputedStyle(shape).fill);
    if (fill?.alpha === 1) return fill;
    for (let up = node; up; up = up.parentElement) {
      const colour = parse(getComputedStyle(up).backgroundColor);
      if (colour?.alpha === 1) return colour;
    }
    return parse('rgb(255, 255, 255)');
  };
  const failures = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('[aria-hidden=true], .drawing, script, :disabled')) continue;
    const style = getComputedStyle(node);
    const ink = parse(node instanceof SVGElement ? style.fill : style.color);
    if (!ink || ink.alpha === 0) continue;
    const [light, dark] = [luminance(ink), luminance(behind(node))].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < least) failures.push(`${contrast.toFixed(2)}: ${node.textContent.slice(0, 40)}`);
  }
  return [...new Set(failures)];
}

/** Texts smaller than `least` pixels, as they are on the screen. */
export function smallTexts(least) {
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest('script, .hidden, .drawing')) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < least) found.push(`${size}: ${node.textContent.slice(0, 40)}`);
  }
  return [...new Set(found)];
}
