/** Style of the page: follows the system's colour scheme, and suits telephones, wide screens and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #ffffff; --line: #e4e0d9; --text: #23211e; --quiet: #6b665e; --link: #1f5fa8; --code: #f3f0ea;
  --get: #1f6feb; --post: #1a7f45; --put: #9a6200; --delete: #c0352b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16171a; --card: #1d1f23; --line: #31343a; --text: #e6e4e0; --quiet: #9d9a94; --link: #82b4f0; --code: #26292e;
    --get: #6ea8fe; --post: #5fc98a; --put: #e0a94a; --delete: #f0847a;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre { font: 0.875em/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
p code, dd > code, .kind code, .bounds code { background: var(--code); padding: 0.1em 0.3em; border-radius: 4px; overflow-wrap: anywhere; }
.skip { position: absolute; left: 0.5rem; top: -4rem; z-index: 2; padding: 0.4rem 0.8rem; background: var(--card); }
.skip:focus { top: 0.5rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
[hidden] { display: none !important; }
header { position: sticky; top: 0; z-index: 1; display: flex; gap: 1rem; align-items: center; padding: 0.6rem max(1.5rem, calc(50% - 38.25rem));
  background: var(--ground); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.15rem; white-space: nowrap; }
h1 span { color: var(--quiet); font-weight: 400; }
header label { position: relative; flex: 1; min-width: 0; max-width: 26rem; margin-left: auto; }
kbd { position: absolute; right: 0.7rem; top: 50%; transform: translateY(-50%); padding: 0 0.4rem; font: 0.78rem/1.5 ui-monospace, Menlo, Consolas, monospace;
  color: var(--quiet); border: 1px solid var(--line); border-radius: 4px; pointer-events: none; }
input:focus + kbd, input:not(:placeholder-shown) + kbd { display: none; }
input { width: 100%; padding: 0.45rem 0.8rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.columns { display: grid; grid-template-columns: 17.5rem minmax(0, 1fr); max-width: 79.5rem; margin: 0 auto; }
nav { position: sticky; top: 3.6rem; align-self: start; height: calc(100vh - 3.6rem); overflow-y: auto; padding: 1rem 0.5rem 2rem 1.5rem; font-size: 0.85rem; scrollbar-width: thin; }
nav ul { list-style: none; margin: 0.2rem 0 1rem; padding: 0; }
nav li a { display: flex; gap: 0.5rem; margin-left: -0.4rem; padding: 0.12rem 0.4rem; border-radius: 5px; color: var(--text); overflow-wrap: anywhere; }
nav .tag { font-weight: 600; color: var(--quiet); }
nav li a[aria-current] { background: var(--code); scroll-margin-block: 2rem; }
nav .method { flex: none; width: 3.2rem; font-size: 0.66rem; padding-top: 0.22rem; }
main { padding: 1rem 1.5rem 6rem; }
h2 { margin: 2.2rem 0 0.7rem; font-size: 1.1rem; }
h3 { margin: 1.3rem 0 0.3rem; font-size: 0.8rem; color: var(--quiet); text-transform: uppercase; letter-spacing: 0.05em; }
.method { font: 600 0.74rem/1.4 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
.operation, .schema { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 0.5rem 0; }
summary { cursor: pointer; }
.operation > summary, .schema > summary { padding: 0.55rem 0.9rem; list-style: none; }
.operation > summary { display: grid; grid-template-columns: 3.6rem 19rem minmax(0, 1fr) 0.8rem; gap: 0.2rem 0.8rem; align-items: baseline; }
.schema > summary { display: flex; justify-content: space-between; align-items: baseline; }
.operation > summary::after, .schema > summary::after { content: ''; flex: none; width: 0.45rem; height: 0.45rem; margin-right: 0.2rem;
  border: solid var(--quiet); border-width: 0 1.5px 1.5px 0; transform: translateY(-0.15rem) rotate(45deg); }
.operation[open] > summary::after, .schema[open] > summary::after { transform: rotate(225deg); }
.operation > summary:hover, .schema > summary:hover { background: var(--code); border-radius: 9px; }
.operation[open] > summary, .schema[open] > summary { border-radius: 9px 9px 0 0; }
summary::-webkit-details-marker { color: var(--quiet); }
.operation > summary::-webkit-details-marker, .schema > summary::-webkit-details-marker { display: none; }
.operation[open] > summary, .schema[open] > summary { border-bottom: 1px solid var(--line); }
.path { font-weight: 600; overflow-wrap: anywhere; }
.summary { color: var(--quiet); font-size: 0.9rem; }
.operation .about, .schema .about { padding: 0.7rem 0.9rem 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; margin: 0 0 0.7rem; color: var(--quiet); font-size: 0.85rem; }
.facts b { color: var(--text); font-weight: 600; }
.curl { position: relative; margin: 0; padding-right: 4.6rem; background: var(--code); border-radius: 8px; }
.curl code { display: block; padding: 0.7rem 0 0.7rem 0.9rem; overflow-x: auto; scrollbar-width: thin; }
.curl button { position: absolute; top: 0.5rem; right: 0.5rem; padding: 0.15rem 0.6rem; font: 0.78rem system-ui, sans-serif; color: var(--quiet);
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
dl { margin: 0; }
dl > div { padding: 0.45rem 0; border-top: 1px solid var(--line); }
dl > div:first-child { border-top: 0; }
dt code { font-weight: 600; }
dd { margin: 0; font-size: 0.9rem; }
dd p { margin: 0.1rem 0; }
.kind, .bounds, .form { color: var(--quiet); font-size: 0.85rem; }
.form { margin: 0.2rem 0; }
.must { color: var(--delete); font-size: 0.75rem; }
.may { color: var(--quiet); font-size: 0.75rem; font-style: italic; }
dd details > summary, .errors > summary { color: var(--quiet); }
.status { font-variant-numeric: tabular-nums; font-weight: 600; }
dd details, .errors { font-size: 0.9rem; }
dd details > dl { margin-left: 0.4rem; padding-left: 0.9rem; border-left: 2px solid var(--line); }
.errors { margin-top: 1.2rem; }
.errors dl > div { display: grid; grid-template-columns: 3rem minmax(0, 1fr); }
@media (max-width: 60rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  nav { display: none; }
  header { padding: 0.6rem 1rem; }
  main { padding: 0.5rem 1rem 4rem; }
  .operation > summary { grid-template-columns: 3.6rem minmax(0, 1fr) 0.8rem; }
  .operation > summary .summary { grid-row: 2; grid-column: 2; }
}
@media (max-width: 40rem) {
  header { gap: 0.7rem; }
  kbd { display: none; }
  input { padding: 0.4rem 0.6rem; }
  .curl { padding-right: 0; }
  .curl button { position: static; margin: 0 0.9rem 0.7rem; }
}
@media print { header label, nav, .curl button { display: none; } .columns { display: block; } }
`;
