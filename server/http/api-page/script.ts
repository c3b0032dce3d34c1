/**
 * Script of the page: searches, copies, opens the target of a link, and shows the address under which the page was
 * loaded. The page is complete without it.
 */
export const SCRIPT = `
const filter = document.getElementById('filter');
const base = location.origin + location.pathname.replace(/\\/docs\\/?$/, '');
const entries = [...document.querySelectorAll('.operation, .schema')];
// Text of the line, name of the operation, and names of its fields.
const words = entries.map((each) =>
  [each.querySelector('summary').textContent, each.id, ...[...each.querySelectorAll('dt > code')].map((code) => code.textContent)]
    .join(' ').toLowerCase());

function find() {
  const wanted = filter.value.toLowerCase().split(' ').filter(Boolean);
  entries.forEach((each, index) => { each.hidden = !wanted.every((word) => words[index].includes(word)); });
  for (const link of document.querySelectorAll('nav li')) {
    link.hidden = document.getElementById(link.firstElementChild.hash.slice(1)).hidden;
  }
  for (const section of document.querySelectorAll('nav section, main section')) {
    const all = section.querySelectorAll('li, .operation, .schema');
    section.hidden = all.length > 0 ? [...all].every((each) => each.hidden) : wanted.length > 0;
  }
  document.getElementById('nothing').hidden = entries.some((each) => !each.hidden);
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === location.hash) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  if (target === null) return;
  document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest' });
  if (target.closest('[hidden]') !== null) {
    filter.value = '';
    find();
  }
  if (target.tagName === 'DETAILS') target.open = true;
  target.scrollIntoView();
}

for (const line of document.querySelectorAll('.curl')) {
  const code = line.firstElementChild;
  code.querySelector('.base').textContent = base;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', () => {
    getSelection().selectAllChildren(code);
    // Only pages over TLS or from this machine may write to the clipboard; otherwise the line is selected.
    const done = navigator.clipboard?.writeText(code.textContent) ?? Promise.reject();
    done.then(() => { button.textContent = 'Copied'; }, () => { button.textContent = 'Selected'; });
  });
  for (const leaving of ['blur', 'pointerleave']) button.addEventListener(leaving, () => { button.textContent = 'Copy'; });
  line.append(button);
}

filter.parentElement.hidden = false;
filter.addEventListener('input', find);
addEventListener('hashchange', open);
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === filter || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  filter.focus();
});
find();
open();
`;
