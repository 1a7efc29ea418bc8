-- How the page looks, without anything from elsewhere: a light and a dark
-- palette, a narrow screen, and paper.  Blue and orange are told apart by
-- everyone; texts have a contrast of 4.5 and more on their ground.

SELECT $css$<style>
:root {
  --ground: #ffffff; --ink: #1b1f24; --soft: #59626d; --rule: #dfe3e8; --faint: #eef0f3;
  --blue: #0b62a8; --alert: #a64200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --ink: #e8eaed; --soft: #a1a9b3; --rule: #343a42; --faint: #23282e;
    --blue: #6bb5f0; --alert: #f5a352;
  }
}
* { box-sizing: border-box; }
html { background: var(--ground); color: var(--ink); -webkit-text-size-adjust: 100%; }
body {
  max-width: 68rem; margin: 0 auto; padding: 3.5rem 2rem 4rem;
  font: 0.9375rem/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
    "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums lining-nums;
}
h1 { margin: 0; font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; }
h2 { margin: 0 0 0.25rem; font-size: 1.25rem; line-height: 1.3; font-weight: 650; }
p { margin: 0 0 0.5rem; max-width: 44rem; }
h3 { margin: 1.75rem 0 0.25rem; font-size: 0.9375rem; line-height: 1.3; font-weight: 650; }
section { margin-top: 3.5rem; }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 0.2em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.soft, .detail, caption, .empty, footer { color: var(--soft); }
.detail { display: block; font-size: 0.8125rem; font-weight: 400; line-height: 1.3; }
.empty { padding: 0.5rem 0; border-top: 1px solid var(--rule); max-width: none; }
.alert { color: var(--alert); font-weight: 600; white-space: nowrap; }
.alert [aria-hidden] { font-size: 0.75em; }
code { font: 0.875em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }

/* What to know first */
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: 1.5rem 1.25rem;
  margin: 2.25rem 0 0; padding: 1.25rem 0; border: solid var(--rule); border-width: 1px 0;
}
.figures dt { color: var(--soft); font-size: 0.8125rem; }
.figures dd { margin: 0; }
.figures .figure {
  font-size: 1.75rem; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em;
}
.figures .note { color: var(--soft); font-size: 0.8125rem; line-height: 1.35; }
.figures .figure.alert { font-weight: 600; }

/* Tables */
table { width: 100%; border-collapse: collapse; }
caption { padding: 0 0 0.75rem; text-align: left; max-width: 44rem; }
th, td {
  padding: 0.375rem 1.25rem 0.375rem 0; text-align: left; vertical-align: top;
  unicode-bidi: isolate; overflow-wrap: break-word;
}
th:last-child, td:last-child { padding-right: 0; }
thead th {
  color: var(--soft); font-size: 0.8125rem; font-weight: 400; vertical-align: bottom;
  border-bottom: 1px solid var(--ink); overflow-wrap: normal;
}
tbody th { min-width: 10.5rem; font-weight: 600; }
tbody tr { border-bottom: 1px solid var(--faint); }
tfoot th, tfoot td { border-top: 1px solid var(--ink); font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
time { white-space: nowrap; }
.bar { display: block; width: 100%; min-width: 6rem; height: 0.5rem; margin-top: 0.45rem; }
.bar rect { fill: var(--blue); }
.bar .rest { fill: var(--faint); }
td.chart { width: 28%; }

#services .wide:first-of-type table { table-layout: fixed; }

/* The last day */
.day { table-layout: fixed; }
.day th, .day td {
  padding: 0.1875rem 0.25rem 0.1875rem 0; vertical-align: middle; line-height: 1.3;
}
.day .name { width: 21%; }
.day .now { width: 2.75rem; }
.day .peak { width: 3.5rem; }
.day thead [colspan], .day thead .name { color: var(--ink); font-weight: 600; }
.day thead [colspan] { border: 0; padding-bottom: 0; }
.day thead .name { vertical-align: bottom; }
.day .plot, .day [colspan="3"] { padding-left: 1.5rem; }
.day .zone th { padding-top: 1.25rem; color: var(--soft); }
.line, .axis { display: block; width: 100%; overflow: visible; }
.line { height: 2rem; }
.line path {
  fill: none; stroke: var(--blue); stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round;
  vector-effect: non-scaling-stroke;
}
.line .grid { stroke: var(--rule); stroke-width: 1; stroke-linecap: butt; stroke-opacity: 0.7; }
.line .end { stroke-width: 5; }
.axis { height: 0.875rem; }
.axis text { fill: var(--soft); font-size: 0.6875rem; }

footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
.wide { overflow-x: auto; }

@media (max-width: 46rem) {
  body { padding: 1.75rem 1.125rem 2.5rem; }
  h1 { font-size: 1.625rem; }
  section { margin-top: 2.75rem; }
  tbody th { min-width: 0; }
  th, td { padding-right: 0.75rem; }
  #services .wide:first-of-type table { table-layout: auto; }
  .wide table:not(.day) { min-width: 36rem; }
  #services .wide:first-of-type table { min-width: 0; }
  td.chart { display: none; }
  thead th:empty { padding: 0; }
  /* A service is three rows: its name, the lines, the numbers below them */
  .day tr {
    display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); column-gap: 0.75rem;
    padding: 0.375rem 0;
  }
  .day, .day thead, .day tbody { display: block; }
  .day .name, .day tbody th { grid-column: 1 / -1; }
  .day thead .name { display: none; }
  .day [colspan="3"], .day .plot { grid-column: span 2; padding-left: 0; }
  .day .plot { grid-row: 2; }
  .day .number { grid-row: 3; text-align: left; }
  .day .number + .number { text-align: right; }
  .day thead tr { padding: 0; }
  .day thead tr + tr { border-bottom: 1px solid var(--ink); }
  .day thead th { border: 0; }
}
@media print {
  :root {
    --ground: #ffffff; --ink: #000000; --soft: #4a4a4a; --rule: #c8c8c8; --faint: #e6e6e6;
    --blue: #0b62a8; --alert: #a64200;
  }
  @page { size: A4; margin: 16mm 15mm; }
  html { font-size: 77%; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; }
  h2, h3, caption, thead { break-after: avoid; }
  tbody tr:first-child, tbody .zone + tr { break-before: avoid; }
  .day tbody:first-of-type tr:first-child { break-before: auto; }
  tr, .figures div, footer { break-inside: avoid; }
  .figures { grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  td.chart { width: 20%; }
  a { text-decoration: none; }
}
</style>$css$;
