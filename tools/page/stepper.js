// Things of one kind, one at a time: by the buttons, or with the arrow keys.

// caption(i) says which one it is, show(i) gives its elements.
function stepper(label, count, caption, show) {
  const body = element('div', {});
  if (count === 1) {
    body.append(...show(0));
    return body;
  }
  const back = element('button', {type: 'button'}, '← Previous');
  const on = element('button', {type: 'button'}, 'Next →');
  const where = element('output', {});
  const group = element('div', {role: 'group', 'aria-label': label, tabindex: 0},
      element('div', {class: 'stepper'}, back, where, on), body);
  let current = 0;

  const go = (to) => {
    if (to < 0 || to >= count) return;
    current = to;
    where.textContent = `${to + 1} of ${count}${caption(to)}`;
    back.disabled = to === 0;
    on.disabled = to === count - 1;
    body.replaceChildren(...show(to));
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
  return group;
}
