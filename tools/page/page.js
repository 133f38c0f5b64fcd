// Puts the page together from its data.

function showPage(page) {
  const several = new Set(page.sections.map((section) => section.run)).size > 1;
  const first = (section) => page.sections.find((other) => other.title === section.title) === section;
  const links = [], sections = [];
  page.sections.forEach((section, i) => {
    const id = `section-${i + 1}`;
    if (first(section)) links.push(element('li', {}, element('a', {href: `#${id}`}, section.title)));
    const run = several ? [element('p', {class: 'run'}, section.run)] : [];
    sections.push(element('section', {id, 'aria-labelledby': `${id}-title`},
        element('h2', {id: `${id}-title`}, section.title), ...run, ...section.blocks.map(shown)));
  });
  document.querySelector('nav').append(element('ol', {}, ...links));
  document.querySelector('main').replaceChildren(...sections);
  document.querySelector('footer').append(`Written by Assay ${page.version}. The page needs no network and no other file.`);
}

// Paper has no folds.
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((fold) => { fold.open = true; }));

showPage(JSON.parse(document.getElementById('data').textContent));
