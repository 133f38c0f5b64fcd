// Failing inputs: one at a time, and of it one step at a time. It opens at the step where its row
// fails. A link to `#w=9209` opens that input.

function openInputs(box) {
  const tabs = every('[role=tab]', box), panes = every('[role=tabpanel]', box);
  const open = (which, focus) => {
    tabs.forEach((tab, i) => {
      tab.setAttribute('aria-selected', i === which);
      tab.tabIndex = i === which ? 0 : -1;
      panes[i].hidden = i !== which;
    });
    if (focus) tabs[which].focus();
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener('click', () => {
      open(i);
      history.replaceState(null, '', `#${panes[i].id}`);
    });
    tab.addEventListener('keydown', (event) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (!step) return;
      event.preventDefault();
      open((i + step + tabs.length) % tabs.length, true);
    });
  });
  const follow = () => {
    const wanted = panes.findIndex((pane) => location.hash === `#${pane.id}`);
    if (wanted < 0) return;
    open(wanted);
    box.scrollIntoView();
  };
  panes.forEach(openSteps);
  open(0);
  follow();
  addEventListener('hashchange', follow);
}

function openSteps(pane) {
  const buttons = every('.steps button', pane), steps = every('.step', pane);
  const back = pane.querySelector('.prev'), on = pane.querySelector('.next');
  let at = 0;
  const go = (to) => {
    at = to;
    steps.forEach((step, i) => { step.hidden = i !== to; });
    buttons.forEach((button, i) => (i === to ? button.setAttribute('aria-current', 'step') : button.removeAttribute('aria-current')));
    back.disabled = to === 0;
    on.disabled = to === steps.length - 1;
  };
  buttons.forEach((button, i) => {
    button.addEventListener('click', () => go(i));
    button.addEventListener('keydown', (event) => {
      const next = buttons[i + ({ArrowRight: 1, ArrowLeft: -1}[event.key] ?? NaN)];
      if (!next) return;
      event.preventDefault();
      go(buttons.indexOf(next));
      next.focus();
    });
  });
  back.addEventListener('click', () => go(at - 1));
  on.addEventListener('click', () => go(at + 1));
  go(Math.min(Number(pane.dataset.first), steps.length - 1));
}
