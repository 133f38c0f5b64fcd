'use strict';
// Elements made by scripts. Texts are set as text, never as markup.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== '') made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const every = (selector, within = document) => [...within.querySelectorAll(selector)];
