/** The style of drawings: in the page, and inside each standalone figure. */

export const SANS =
  'system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "DejaVu Sans", "NanumGothic", sans-serif'
export const MONO =
  'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", "NanumGothicCoding", monospace'

export const DRAWING_STYLE = `
.drawing { font-family: ${SANS}; font-variant-numeric: tabular-nums; }
.drawing text { fill: var(--text); }
:where(.drawing path, .drawing circle, .drawing rect:not(.pattern)) { fill: none; stroke: none; }
.drawing .mono { font-family: ${MONO}; }
.drawing .halo { paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.drawing .soft, .drawing .stamp { fill: var(--muted); }
.drawing .life { stroke: var(--muted); stroke-width: 2px; }
.drawing .life.to-come { stroke: var(--line); stroke-width: 1.5px; }
.drawing .waits { stroke: var(--amber-soft); stroke-width: 11px; }
.drawing .waits.dots { stroke: var(--amber); stroke-width: 4px; stroke-linecap: round; stroke-dasharray: 0.1 8; }
.drawing .band { fill: var(--sunken); }
.drawing .broken .wipe { stroke: var(--sunken); stroke-width: 8px; }
.drawing .broken .slash { stroke: var(--muted); stroke-width: 2px; }
.drawing rect.length { fill: var(--surface); stroke: var(--muted); stroke-width: 1.2px; }
.drawing text.length { font-weight: 700; }
.drawing .ticking rect.length { stroke: var(--amber); stroke-width: 2.5px; }

.drawing .shaft { stroke: var(--text); stroke-width: 2px; }
.drawing .point { fill: var(--text); }
.drawing .request .shaft { stroke: var(--blue); stroke-width: 2.6px; }
.drawing .request .point { fill: var(--blue); }
.drawing .response .shaft { stroke: var(--teal); stroke-width: 2.6px; }
.drawing .response .point { fill: var(--teal); }
.drawing .open .shaft, .drawing .fin .shaft, .drawing .closed .shaft, .drawing .vanished .shaft { stroke: var(--muted); stroke-width: 1.6px; }
.drawing .open .point, .drawing .fin .point { fill: var(--muted); }
.drawing .fin .shaft, .drawing .vanished .shaft { stroke-dasharray: 7 5; }
.drawing .open .ring { fill: var(--surface); stroke: var(--muted); stroke-width: 1.6px; }
.drawing .reset .shaft { stroke: var(--red); stroke-width: 2px; }
.drawing .reset .point { fill: var(--red); }
.drawing .cross { stroke: var(--red); stroke-width: 2.4px; }

.drawing .step .box { fill: var(--blue-soft); }
.drawing .step .tab { fill: var(--blue-soft); }
.drawing .note .box, .drawing .more .box { fill: var(--surface); stroke: var(--line); stroke-width: 1.2px; stroke-dasharray: 4 3; }
.drawing .note .tab { fill: var(--line); }
.drawing circle.number { fill: var(--blue); }
.drawing text.number { fill: var(--surface); font-weight: 700; }

.drawing .tag .body { fill: var(--surface); stroke-width: 1.6px; }
.drawing .tag .sign { stroke-width: 2.2px; stroke-linecap: round; stroke-linejoin: round; }
.drawing .tag.keep .body, .drawing .tag.keep .sign, .drawing .tag.add .body, .drawing .tag.add .sign { stroke: var(--teal); }
.drawing .tag.keep text, .drawing .tag.add text { fill: var(--teal); }
.drawing .tag.drop .body { stroke: var(--amber); fill: var(--amber-soft); }
.drawing .tag.drop .sign { stroke: var(--amber); }
.drawing .tag.drop text { fill: var(--amber); }
.drawing .tag.replace .body, .drawing .tag.replace .sign { stroke: var(--blue); }
.drawing .tag.replace text { fill: var(--blue); }
.drawing .tag.reject .body, .drawing .tag.reject .sign { stroke: var(--purple); stroke-width: 2.6px; }
.drawing .tag.reject text { fill: var(--purple); }
.drawing .tag.leaked .body { fill: var(--red); stroke: var(--red); }
.drawing .tag.leaked .sign { stroke: var(--surface); }
.drawing .tag.leaked text { fill: var(--surface); font-weight: 700; }

.drawing .party rect, .drawing .party path { fill: var(--surface); stroke: var(--text); stroke-width: 2px; }
.drawing .party text { font-weight: 700; }
.drawing .party.client rect, .drawing .party.curl rect { stroke: var(--blue); fill: var(--blue-soft); }
.drawing .party.hopwise path { stroke: var(--teal); fill: var(--teal-soft); stroke-width: 2.6px; }
.drawing .party.dumb path { stroke: var(--amber); fill: var(--amber-soft); stroke-dasharray: 7 4; }
.drawing .party.stock path, .drawing .party.smart path { stroke: var(--purple); fill: var(--purple-soft); stroke-dasharray: 3 3; }

.drawing .tube .pipe { stroke-width: 1.8px; fill: var(--surface); }
.drawing .tube.open .pipe { fill: var(--blue-soft); stroke: var(--blue); }
.drawing .tube.open .flow { stroke: var(--blue); stroke-width: 2px; stroke-dasharray: 10 6; }
.drawing .tube.idle .pipe { fill: var(--surface); stroke: var(--teal); }
.drawing .tube.closing .pipe { fill: var(--amber-soft); stroke: var(--amber); }
.drawing .tube.closing .half { stroke: var(--amber); stroke-width: 2px; stroke-dasharray: 2 4; }
.drawing .tube.closed .pipe { fill: var(--sunken); stroke: var(--muted); stroke-dasharray: 4 4; }
.drawing .tube.closed text { fill: var(--muted); }
.drawing text.more { fill: var(--muted); }

.drawing .wait .arc { stroke: var(--amber); stroke-width: 2.2px; stroke-dasharray: 6 4; }
.drawing .wait .point { fill: var(--amber); }
.drawing .wait.in-cycle .arc { stroke: var(--red); stroke-width: 3.4px; stroke-dasharray: none; }
.drawing .wait.in-cycle .point { fill: var(--red); }
.drawing .wait.in-cycle text { fill: var(--red); font-weight: 600; }
.drawing .dot { fill: var(--muted); }
.drawing .dot.in-cycle { fill: var(--red); }
.drawing .dot.is-caught { fill: var(--amber); }
.drawing text.caught { fill: var(--amber); font-weight: 700; }
.drawing .hang rect { fill: var(--red); }
.drawing .hang text { fill: var(--surface); font-weight: 700; }
.drawing .gap .waiting .halo { stroke: var(--sunken); }
.drawing .heading { font-weight: 700; }

.drawing .tick { stroke: var(--line); stroke-width: 1px; }
.drawing .part .ground { stroke: var(--text); stroke-width: 0.8px; }
.drawing .part.wait .ground { fill: var(--surface); stroke: var(--muted); }
.drawing .part.name .ground { fill: var(--purple-soft); stroke: var(--purple); }
.drawing .part.connect .ground { fill: var(--amber-soft); stroke: var(--amber); }
.drawing .part.send .ground { fill: var(--blue-soft); stroke: var(--blue); }
.drawing .part.server .ground { fill: var(--teal-soft); stroke: var(--teal); }
.drawing .part.receive .ground { fill: var(--blue); stroke: var(--blue); }
.drawing pattern .ink { stroke: var(--text); stroke-width: 1.2px; }
.drawing pattern circle.ink { fill: var(--text); stroke: none; }
`
