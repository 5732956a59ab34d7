import { CHART_STYLE } from '../chart/style.ts';

/** The style of the views, for a report and for the page. */
export const VIEW_STYLE = `${CHART_STYLE}
.view{color:var(--ink);background:var(--paper);line-height:1.5}
.view h2{margin:2.5rem 0 .5rem;font-size:1.5rem;overflow-wrap:anywhere}.view h3{margin:2rem 0 .5rem;font-size:1.2rem}
.view p{max-width:44rem;margin:.5rem 0}
.view .findings p{font-size:1.08rem}
.view .soft{color:var(--soft)}
.view .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.5rem;align-items:start}
.view figure{margin:1rem 0;break-inside:avoid}
.view svg.chart{display:block;width:100%;max-width:31rem;height:auto}
.view li{max-width:42rem}.view details{margin:.25rem 0}.view td details{margin:0}.view summary{cursor:pointer}
.view .scroll{overflow-x:auto;max-width:100%}
.view table{min-width:min(100%,22rem);border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
.view caption{text-align:left;font-weight:600;padding:.4rem 0}
.view caption span{position:sticky;left:0;display:inline-block;max-width:min(42rem,calc(100vw - 1.6rem))}
.view th,.view td{padding:.25rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
.view thead th{border-bottom:2px solid var(--soft)}
.view .number{text-align:right;white-space:nowrap}
.view td:first-child{min-width:6rem}.view td.number:first-child{min-width:0}
.view th button{all:unset;cursor:pointer;font-weight:600}.view th button:focus-visible{outline:2px solid var(--s0)}
.view th[aria-sort=ascending] button::after{content:" ▲" / ""}.view th[aria-sort=descending] button::after{content:" ▼" / ""}
.view .text{min-width:14rem;max-width:34rem;white-space:pre-wrap;overflow-wrap:anywhere}
.view .whole{white-space:nowrap}.view .wrong{color:var(--s1)}.view .small{font-size:.85em;color:var(--soft)}
.view .tools{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:.5rem 0}
.view .tools[hidden]{display:none}
.view .tools label{display:grid;font-size:.85rem;color:var(--soft)}
.view .tools button,.view .tools select,.view .tools input{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:.3rem;padding:.25rem .6rem}
.view .tokens{white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,monospace;font-size:.85rem;line-height:1.9}
.view .tokens span{border-radius:.2rem;padding:.1rem 0;box-decoration-break:clone}
.view .tokens span:nth-child(odd){background:color-mix(in srgb,var(--s0) 16%,transparent)}
.view .tokens span:nth-child(even){background:color-mix(in srgb,var(--s4) 20%,transparent)}
.view code,.view pre{font-family:ui-monospace,monospace;font-size:.88rem;overflow-wrap:anywhere;white-space:pre-wrap}
.view dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}.view dd{margin:0;overflow-wrap:anywhere}
.view .yes{color:var(--s2);font-weight:600}.view .no{color:var(--s1);font-weight:600}
`;

/**
 * The style of a report around its views. In print, the buttons that sort are no boxes: heads with
 * boxes do not repeat on the next page.
 */
export const PAGE_STYLE = `${VIEW_STYLE}
:root{color-scheme:light dark}
body{margin:0;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:16px}
main{max-width:72rem;margin:0 auto;padding:1rem 1.25rem 4rem}
h1{font-size:1.8rem;line-height:1.2;overflow-wrap:anywhere}
a{color:var(--s0)}
nav ul{padding-left:1.2rem}
[role=tooltip]{position:fixed;z-index:1;pointer-events:none;max-width:20rem;padding:.3rem .6rem;border-radius:.3rem;background:var(--ink);color:var(--paper);font-size:.85rem}
[role=tooltip][hidden]{display:none}
@media print{
body{font-size:10pt}main{max-width:none;padding:0}.view table{font-size:8.5pt}.view th,.view td{padding:.2rem .35rem}.view td:first-child{min-width:0}.view .text{min-width:11rem}
.view .tools,[role=tooltip],.view details:not([open]){display:none}.view td details:not([open]){display:block}.view td summary{list-style:none}
.view .scroll{overflow:visible}.view .number{white-space:normal}thead{display:table-header-group;break-inside:avoid}tr{break-inside:avoid}
.view th button{display:contents}.view svg.chart{max-height:25cm}.view h2,.view h3,.view h3+p,.view caption{break-after:avoid}
}
@media (max-width:40rem){main{padding:.5rem .75rem 3rem}h1{font-size:1.4rem}.view dl{grid-template-columns:1fr}.view dd{margin-bottom:.4rem}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
