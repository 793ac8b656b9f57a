#include "tacit/job/html/style.h"

namespace tacit::html {

// Blue and orange are told apart by all common kinds of colour vision; nothing is told by colour alone.
const std::string_view kStyle = R"css(
:root { color-scheme: light dark;
  --paper: #ffffff; --raised: #f5f6f8; --ink: #16191d; --soft: #565e69; --rule: #dfe2e7; --track: #e9ecf0;
  --a: #0b62ae; --b: #e08a00; --c: #7d8794; --clear: #f0a53a; --clear-ink: #8a5200; --loud: #ffd84d;
  --loud-ink: #2b2200; --bad: #a3260f; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #121518; --raised: #1b2025; --ink: #e9ecef; --soft: #a3adb8; --rule: #2d343b; --track: #272e35;
  --a: #62b3f5; --b: #f0a53a; --c: #7f8a96; --clear: #a8690a; --clear-ink: #f0a53a; --loud: #f5c518;
  --loud-ink: #1d1700; --bad: #ff9d87; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial,
  sans-serif; }
.page { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
.mark { margin: 0 0 .4rem; color: var(--soft); font-size: .875rem; }
.mark b { color: var(--a); font-weight: 650; }
h1 { margin: 0 0 .8rem; font-size: 2.3rem; line-height: 1.15; letter-spacing: -.02em;
  overflow-wrap: anywhere; }
h2 { margin: 0 0 .9rem; font-size: 1.3rem; line-height: 1.25; letter-spacing: -.01em; }
.verdict { margin: 0 0 1.8rem; max-width: 46rem; font-size: 1.2rem; line-height: 1.5; }
.verdict code { overflow-wrap: anywhere; }
.verdict b { font-variant-numeric: tabular-nums; white-space: nowrap; }
.stamps { margin: 0 0 1.8rem; padding: 1rem 1.25rem; border-radius: .5rem; background: var(--loud);
  color: var(--loud-ink);
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.stamps strong { display: block; font-size: 1.45rem; line-height: 1.25; letter-spacing: .04em;
  text-transform: uppercase;
  overflow-wrap: anywhere; }
.stamps strong:last-of-type { margin-bottom: .35rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.4rem, 1fr)); gap: .75rem;
  margin: 0 0 2.75rem; }
.cards > div { display: grid; grid-row: span 3; grid-template-rows: subgrid; row-gap: 0;
  padding: .9rem 1.05rem 1rem; border-radius: .5rem;
  background: var(--raised);
  border: 1px solid var(--rule); }
.cards dt { color: var(--soft); font-size: .8125rem; }
.cards dd { margin: 0; }
.cards .big { white-space: nowrap; font-size: 1.5rem; font-weight: 600; line-height: 1.4;
  letter-spacing: -.015em; font-variant-numeric: tabular-nums; }
.cards .small { margin-top: .15rem; color: var(--soft); font-size: .8125rem; line-height: 1.4; }
.cards .big .swatch { display: inline-block; width: 1.1rem; margin-right: .5rem; vertical-align: .3em;
  border-radius: 2px; }
.swatch.private { height: 3px; background: var(--a); } .swatch.clear { height: 8px;
  background: var(--clear); }
section { margin: 0 0 3rem; }
figure { margin: 0; }
figcaption, .note { margin: .6rem 0 0; max-width: 46rem; color: var(--soft); font-size: .875rem; }
p { margin: 0 0 1rem; max-width: 46rem; }
.lead { margin: 1rem 0 1.6rem; }
.bad { color: var(--bad); font-weight: 600; }
.plot { display: block; width: 100%; height: auto; }
.plot.narrow { display: none; }
.plot text { fill: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.plot .grid { stroke: var(--rule); } .plot .axis { stroke: var(--soft); }
.plot polyline { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.plot polyline.private { stroke: var(--a); stroke-width: 2; } .plot polyline.clear { stroke: var(--clear);
  stroke-width: 7; }
.plot polyline.other { stroke: var(--b); stroke-width: 2.5; stroke-dasharray: 7 4; }
.plot polyline.same { stroke: var(--c); stroke-width: 2.5; stroke-dasharray: 1 5; }
.plot polyline.exposed { stroke: var(--bad); stroke-width: 3; }
.plot .dot.same { fill: var(--c); } .plot .label.same { fill: var(--soft); }
.plot .dot.exposed { fill: var(--bad); } .plot .label.exposed { fill: var(--bad); }
.plot .dot.other { fill: var(--b); } .plot .label.other { fill: var(--clear-ink); }
.plot .dot.private { fill: var(--a); } .plot .dot.clear { fill: var(--clear); }
.plot .label { font-weight: 600; } .plot .label.private { fill: var(--a); }
  .plot .label.clear { fill: var(--clear-ink); }
.scroll { overflow-x: auto; margin: 0 0 1.6rem; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { padding: 0 0 .45rem; text-align: left; font-weight: 600; }
th, td { padding: .42rem .75rem .42rem 0; text-align: left; vertical-align: baseline;
  border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: .8125rem; font-weight: 600; white-space: nowrap;
  border-bottom-color: var(--soft); }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 8rem; }
tr:has(.barred) > * { vertical-align: middle; }
.n { text-align: right; padding-left: .4rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:not(.n) { overflow-wrap: anywhere; }
tr.child th { padding-left: 1.4rem; font-weight: 400; color: var(--soft); }
tr.total th, tr.total td { font-weight: 650; border-bottom: 0; }
.even { table-layout: fixed; }
.barred { display: grid; grid-template-columns: minmax(2rem, 1fr) 5rem; gap: .5rem; align-items: center; }
.bar { display: block; width: 100%; height: .75rem; border-radius: 2px; background: var(--track); }
.bar .a { fill: var(--a); } .bar .b { fill: var(--b); } .bar .c { fill: var(--c); }
.key { display: inline-block; width: .65rem; height: .65rem; margin-right: .35rem; border-radius: 2px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.key.a { background: var(--a); } .key.b { background: var(--b); } .key.c { background: var(--c); }
.facts { display: grid; max-width: 46rem; grid-template-columns: minmax(9rem, 14rem) 1fr; margin: 0;
  font-size: .9375rem; }
.facts dt, .facts dd { margin: 0; padding: .42rem 0; border-bottom: 1px solid var(--rule); }
.facts dt { padding-right: 1rem; color: var(--soft); overflow-wrap: anywhere; }
.facts dd { overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
details { margin: 1rem 0 0; } summary { cursor: pointer; color: var(--a); font-size: .9375rem; }
details[open] summary { margin-bottom: .8rem; }
@media (max-width: 36rem) { .page { padding-top: 1.5rem; } h1 { font-size: 1.8rem; }
  .facts { grid-template-columns: 1fr; }
  .facts dt { padding-bottom: 0; border-bottom: 0; } }
@media screen and (max-width: 44rem) { .page { padding-left: 1rem; padding-right: 1rem; }
  .plot.wide { display: none; } .plot.narrow { display: block; }
  .scroll { overflow: visible; }
  table, caption, tbody, tr, th, td { display: block; width: 100%; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
    white-space: nowrap; }
  tbody tr { padding: .5rem 0 .6rem; border-bottom: 1px solid var(--rule); }
  tbody th, tbody td { padding: .12rem 0; border: 0; }
  tbody th { font-weight: 600; }
  tr.child th { padding-left: 0; }
  tbody td, .n { display: grid; grid-template-columns: minmax(7rem, 38%) minmax(0, 1fr); gap: .75rem;
    text-align: left; white-space: normal; }
  td.n { padding-left: 0; }
  tbody td::before { content: attr(data-head); color: var(--soft); overflow-wrap: anywhere; }
  tbody td:empty { display: none; } }
@media print { :root { --paper: #fff; --raised: #fff; --ink: #000; --soft: #444; --rule: #bbb;
  --track: #e6e6e6; --a: #0b62ae;
    --b: #e08a00; --c: #7d8794; --clear: #f0a53a; --clear-ink: #8a5200; }
  @page { margin: 16mm; } body { font-size: 10.5pt; } .page { max-width: none; padding: 0; }
  .scroll { overflow: visible; } section { margin-bottom: 1.6rem; }
  h2, caption, thead { break-after: avoid; } .scroll, tr, figure, .cards > div { break-inside: avoid; }
  details:not([open]) { display: none; } }
)css";

}  // namespace tacit::html
