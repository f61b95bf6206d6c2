/** Served as a file: a strict Content-Security-Policy allows no styles within the page. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: #fff; --text: #1c2024; --soft: #5b6470; --line: #d3d8de; --panel: #f4f6f8;
  --link: #0b5cad; --alarm: #a3161a; --alarm-ground: #fdeceb;
  --attributed: #1a7f4b; --registered: #0f7b8a; --already_registered: #3569b8; --pending: #8a93a0;
  --unknown_partner: #b35900; --rejected: #c2272d; --invalid: #8e4b9e; --discarded: #6f6a5f;
  --dead: #1c2024;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --text: #e6e9ec; --soft: #a3adb8; --line: #3a424b; --panel: #1e2328;
    --link: #7ab8f5; --alarm: #ffb3ae; --alarm-ground: #46191a;
    --attributed: #46b881; --registered: #45b8c9; --already_registered: #7fa8ee; --pending: #7b8692;
    --unknown_partner: #e8964a; --rejected: #f07178; --invalid: #c98bd8; --discarded: #a9a294;
    --dead: #e6e9ec;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; padding: 1rem 1.25rem 4rem; max-width: 64rem;
  background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: .5rem 0 0; font-size: 1.6rem }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.2rem }
header p { margin: .2rem 0; color: var(--soft) }
a { color: var(--link) }
code { font-size: .9em; overflow-wrap: anywhere; unicode-bidi: isolate }
small { display: block; color: var(--soft) }
time { white-space: nowrap }
.skip { position: absolute; left: -99rem }
.skip:focus { position: static }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.note, .problem { margin: .75rem 0; padding: .6rem .9rem; border-radius: .4rem; background: var(--panel) }
ul.note { padding-left: 2rem }
.note { overflow-wrap: anywhere }
.problem { background: var(--alarm-ground); color: var(--alarm) }
.scroll { margin: 1rem 0; overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-size: .95rem }
caption { padding-bottom: .25rem; text-align: left; color: var(--soft) }
th, td {
  padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top; font-weight: normal; unicode-bidi: isolate;
}
thead th { color: var(--soft) }
label { display: block; margin-bottom: .25rem }
input, button { padding: .4rem .7rem; border: 1px solid var(--soft); border-radius: .4rem; font: inherit }
input { width: 20rem; max-width: 100%; background: var(--ground); color: var(--text) }
button { background: var(--panel); color: var(--text); cursor: pointer }
button:hover { border-color: var(--link) }
figure { margin: 1rem 0 }
figure > svg { display: block; width: 100%; height: auto }
figure text { fill: var(--soft); font-size: 12px }
.grid { stroke: var(--line); stroke-width: 1 }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .5rem 0; padding: 0; list-style: none }
.swatch { width: .8rem; height: .8rem; margin-right: .3rem }
.o-attributed { fill: var(--attributed) }
.o-registered { fill: var(--registered) }
.o-already_registered { fill: var(--already_registered) }
.o-pending { fill: var(--pending) }
.o-unknown_partner { fill: var(--unknown_partner) }
.o-rejected { fill: var(--rejected) }
.o-invalid { fill: var(--invalid) }
.o-discarded { fill: var(--discarded) }
.o-dead { fill: var(--dead) }
`;
