// Things of one kind that stand one after the other in the page, shown one at a time: by the
// buttons, or with the arrow keys. On paper, and without scripts, they all stand there.

function stepThrough(group, things) {
  if (things.length < 2) return;
  const back = element('button', {type: 'button', class: 'btn'}, '← previous');
  const on = element('button', {type: 'button', class: 'btn'}, 'next →');
  const where = element('output', {});
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', group.dataset.label);
  group.tabIndex = 0;
  group.prepend(element('div', {class: 'stepper'}, back, where, on));
  let current = 0;
  const go = (to) => {
    if (to < 0 || to >= things.length) return;
    current = to;
    things.forEach((thing, i) => { thing.hidden = i !== to; });
    where.textContent = things[to].querySelector('.where')?.textContent ?? `${to + 1} of ${things.length}`;
    back.disabled = to === 0;
    on.disabled = to === things.length - 1;
  };
  back.addEventListener('click', () => go(current - 1));
  on.addEventListener('click', () => go(current + 1));
  group.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    go(current + step);
  });
  go(0);
}
