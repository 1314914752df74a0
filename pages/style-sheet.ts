/**
 * One style for every page: light and dark by the reader's preference, down to 320 px, in print black
 * on white with every fold open. Text has a contrast of at least 4.5 to 1, marks and lines of 3 to 1.
 * Drawings take `--line-…` and `currentColor`, so that they follow.
 */
export const styleSheet = `
:root{color-scheme:light dark;
--ground:#fff;--raised:#f5f6f8;--text:#1b1f24;--quiet:#57606a;--border:#d3d8de;--link:#0a58ca;
--good:#1a7f37;--warning:#8a5a00;--bad:#c0232c;--unknown:#57606a;
--good-ground:#e9f6ec;--warning-ground:#fdf3dc;--bad-ground:#fdebec;--unknown-ground:#f0f2f4;
--line-1:#1f6feb;--line-2:#b35900;--line-3:#1a7f37;--line-4:#8250df;--line-5:#bf3989;--line-6:#57606a}
@media(prefers-color-scheme:dark){:root{
--ground:#0f1318;--raised:#181d24;--text:#e7ebf0;--quiet:#a3adb8;--border:#343c46;--link:#79b8ff;
--good:#56d364;--warning:#e3b341;--bad:#ff7b72;--unknown:#a3adb8;
--good-ground:#12261a;--warning-ground:#2b2310;--bad-ground:#34181a;--unknown-ground:#1e242b;
--line-1:#6cb0ff;--line-2:#f0a35b;--line-3:#56d364;--line-4:#c297ff;--line-5:#ff8bc7;--line-6:#a3adb8}}
*,*::before,*::after{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
-webkit-text-size-adjust:100%;text-size-adjust:100%}
:lang(zh){font-family:system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
body{margin:0;background:var(--ground);color:var(--text)}
.edition{max-width:72rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
header{position:relative}
h1{font-size:1.75rem;line-height:1.2;margin:.25rem 0 1rem}
h2{font-size:1.3rem;line-height:1.3;margin:2.25rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--border)}
h3{font-size:1.05rem;line-height:1.35;margin:1.75rem 0 .5rem}
p,ul,ol,dl,table,figure,details{margin:.75rem 0}
p,li,dd{max-width:75ch;overflow-wrap:anywhere}
ul,ol{padding-left:1.25rem}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
main:focus{outline:none}
code,.code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace;overflow-wrap:anywhere}
.quiet,footer,.empty{color:var(--quiet)}
.skip{position:absolute;left:-999rem;top:.5rem;padding:.5rem 1rem;background:var(--ground);z-index:1}
.skip:focus{left:.5rem}
nav ul{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
nav.languages{float:right;margin-left:1rem}
nav.languages a,nav.contents a{display:inline-block;padding:.2rem 0;min-height:1.5rem}
nav.languages [aria-current=true]{color:inherit;font-weight:600;text-decoration:none}
nav.contents{margin:1.5rem 0 0}
.mark{overflow-wrap:normal;display:inline-flex;align-items:baseline;gap:.4em;font-weight:600}
.mark svg{width:.85em;height:.85em;flex:none;fill:currentColor;align-self:center}
.mark .cut{fill:none;stroke:var(--ground);stroke-width:1.8}.mark .ring{fill:none;stroke:currentColor;stroke-width:2}
.mark.good{color:var(--good)}.mark.warning{color:var(--warning)}.mark.bad{color:var(--bad)}.mark.unknown{color:var(--unknown)}
.banner{padding:1rem 1.25rem;border-left:.4rem solid;border-radius:.3rem;margin:1rem 0}
.banner .sentence{font-size:1.2rem;margin:0;color:var(--text)}.banner ul{margin:.5rem 0 0;color:var(--text)}
.banner.good{border-color:var(--good);background:var(--good-ground)}
.banner.warning{border-color:var(--warning);background:var(--warning-ground)}
.banner.bad{border-color:var(--bad);background:var(--bad-ground)}
.banner.unknown{border-color:var(--unknown);background:var(--unknown-ground)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem}
.facts>div{background:var(--raised);border:1px solid var(--border);border-radius:.4rem;padding:.6rem .9rem}
small{display:block;color:var(--quiet);font-size:.8125rem;font-weight:400}
.facts dt{color:var(--quiet);font-size:.875rem}.facts dd{margin:.1rem 0 0;font-size:1.15rem;font-weight:600}
.definitions>div{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem;padding:.35rem 0;border-bottom:1px solid var(--border)}
.definitions dt{color:var(--quiet)}.definitions dd{margin:0}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;font-weight:600;padding:.25rem 0;max-width:75ch}
th,td{text-align:left;vertical-align:top;padding:.4rem 1.25rem .4rem 0;border-bottom:1px solid var(--border);overflow-wrap:anywhere}
thead th{color:var(--quiet);font-size:.8125rem;border-bottom-width:2px;overflow-wrap:normal}
tbody th{font-weight:600}
.numeric{text-align:right;font-variant-numeric:tabular-nums}td.numeric{white-space:nowrap}
figure{margin:1rem 0}figcaption{font-weight:600}
.drawing{overflow:hidden}.drawing svg{display:block;width:100%;height:auto;max-width:100%}
.drawing .narrow{display:none}
summary{cursor:pointer;color:var(--link);padding:.2rem 0}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--border);font-size:.875rem}
@media(max-width:40rem){
.edition{padding:1rem .9rem 2rem}h1{font-size:1.45rem}
.definitions>div{grid-template-columns:1fr}
.drawing .narrow{display:block}.drawing .wide{display:none}
table,caption,tbody,tr,th,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border:1px solid var(--border);border-radius:.4rem;padding:.4rem .75rem;margin:.6rem 0}
th,td{border:0;padding:.15rem 0}
td{display:grid;grid-template-columns:minmax(6rem,38%) 1fr;gap:.75rem;text-align:left;white-space:normal}
td.numeric{text-align:left;white-space:normal}
td::before{content:attr(data-title);color:var(--quiet);font-size:.8125rem}}
@media print{
:root{color-scheme:light;--ground:#fff;--raised:#fff;--text:#000;--quiet:#444;--border:#999;--link:#000;
--good:#14632b;--warning:#6b4600;--bad:#9c1a22;--unknown:#444;
--good-ground:#fff;--warning-ground:#fff;--bad-ground:#fff;--unknown-ground:#fff;
--line-1:#0b4fb3;--line-2:#8f4700;--line-3:#14632b;--line-4:#5b32a8;--line-5:#8f2368;--line-6:#444}
html{font-size:10pt}.edition{max-width:none;padding:0}
.skip,nav{display:none}
.banner{border:1px solid;border-left-width:.4rem;print-color-adjust:exact}
h2,h3,figcaption,caption{break-after:avoid}tr,figure,.banner,.facts>div{break-inside:avoid}
thead{display:table-header-group}
details::details-content{content-visibility:visible;display:block;height:auto}summary{list-style:none;color:inherit}
@page{margin:16mm}}
`.trim();
