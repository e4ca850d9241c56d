// The page's own three parts: how it looks, what is on it, and the script that draws a run.
#include "simulation/diagram_page.h"

namespace simulation {

const std::string_view kPageStyle = R"CSS(
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --soft: #888; --line: #ccc; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --paper: #181818; --soft: #888; --line: #444; }
}
body { font: 14px/1.45 system-ui, sans-serif; margin: 1rem; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.15rem; margin: 0 0 .3rem; }
#failure { color: #c22; font-weight: 600; margin: .2rem 0; }
#summary, #left-out, #options { color: var(--soft); margin: .2rem 0; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
#controls { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; margin: .6rem 0; }
#slider { flex: 1; min-width: 10rem; }
svg { width: 100%; height: auto; border: 1px solid var(--line); display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
.lane { stroke: var(--soft); }
.down { fill: #777; opacity: .45; }
.cut { fill: #d33; opacity: .13; } .link { fill: #e90; opacity: .13; }
.pause { fill: #36c; opacity: .25; } .disk { fill: #83c; opacity: .18; }
.crash { fill: #777; opacity: .12; } .clock { fill: #0a8; opacity: .16; }
.broken { fill: #000; opacity: .3; }
.message { stroke: #48a; stroke-width: 1; fill: none; cursor: pointer; }
.late { stroke: #d80; stroke-width: 1.6; }
.lost { stroke: #c22; stroke-dasharray: 4 3; }
.mark { cursor: pointer; font-size: 13px; }
.asked { fill: #06c; } .answers { fill: #083; } .dies, .back { fill: #c22; } .stored { fill: #83c; }
.now { stroke: #c22; stroke-width: 1.5; } .healed { stroke: #083; stroke-dasharray: 6 4; }
#below { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem; }
#list { max-height: 22rem; overflow: auto; font-size: 12.5px; }
#list div { cursor: pointer; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#list div:hover { background: #48a3; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .8rem; margin: .3rem 0; }
dd { margin: 0; font-family: monospace; overflow-wrap: anywhere; }
#legend { color: var(--soft); font-size: 12px; }
)CSS";

const std::string_view kPageBody = R"HTML(
<h1 id="title"></h1>
<p id="failure"></p><p id="summary"></p>
<div id="controls">
  <button id="to-divergence">first divergence</button>
  <button id="to-failure">failure</button>
  <button id="back" title="left arrow">&larr;</button>
  <input id="slider" type="range" min="0" step="1" aria-label="time">
  <button id="on" title="right arrow">&rarr;</button>
  <select id="span" aria-label="how much time">
    <option value="0.2">0.2 s</option><option value="1">1 s</option><option value="5">5 s</option>
    <option value="10" selected>10 s</option><option value="60">1 min</option>
    <option value="600">10 min</option>
  </select>
  <input id="filter" placeholder="only lines with ..." aria-label="filter">
</div>
<svg id="drawing" role="img" aria-label="what the nodes did"></svg>
<p id="left-out"></p>
<div id="below"><div><b>In this window</b><div id="list"></div></div>
<div><b id="what">Click something</b><pre id="detail"></pre>
<dl id="difference" hidden><dt>path</dt><dd id="difference-path"></dd>
<dt id="difference-left-name"></dt><dd id="difference-left"></dd>
<dt id="difference-right-name"></dt><dd id="difference-right"></dd></dl></div></div>
<p id="legend">&#9660; typed &middot; &#9650; answered &middot; &#9679; stored &middot;
&#10007; dies &middot; &#9655; starts &middot; &#9888; stored value lost &middot; arrows: messages,
dashed: lost, thick: more than 200 ms on the way &middot; shaded: red cut, orange links, grey down
or about to crash, blue paused, purple disk, green clock.</p>
<p id="options"></p>
)HTML";

// What it draws is bounded: kArrows and kRows, and the page says what a window leaves out.
const std::string_view kPageScript = R"JS(
'use strict';
const run = JSON.parse(document.getElementById('run').textContent);
const $ = id => document.getElementById(id);
const kArrows = 2500, kMarks = 2500, kRows = 400, kLate = 200000, kBrought = 50000;
const W = 1200, LEFT = 70, LANE = 64, TOP = 26, STRIP = 56;
const nodes = Array.from({length: run.nodes}, (_, i) => String.fromCharCode(97 + i));
const laneY = i => TOP + LANE / 2 + i * LANE;
const lanesEnd = TOP + LANE * nodes.length;
let from = 0, span = 10e6;

const time = us => {
  const sign = us < 0 ? '-' : ''; us = Math.abs(us);
  return sign + Math.floor(us / 60e6) + ':' + String(Math.floor(us / 1e6) % 60).padStart(2, '0') +
    '.' + String(us % 1e6).padStart(6, '0');
};
const x = us => LEFT + (us - from) / span * (W - LEFT);
const within = (a, b) => b >= from && a <= from + span;

function make(name, attributes, text) {
  const it = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) it.setAttribute(key, attributes[key]);
  if (text !== undefined) it.textContent = text;
  return it;
}

// Index of the first row whose time, at `column`, is `at` or later. Rows are in order of time.
function first(rows, column, at) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][column] < at) low = middle + 1; else high = middle;
  }
  return low;
}

function tell(what, detail) {
  $('what').textContent = what; $('detail').textContent = detail; $('difference').hidden = true;
}
function show(path, leftName, left, rightName, right) {
  $('difference').hidden = false;
  $('difference-path').textContent = path;
  $('difference-left-name').textContent = leftName;
  $('difference-left').textContent = left === '' ? '(nothing)' : left;
  $('difference-right-name').textContent = rightName;
  $('difference-right').textContent = right === '' ? '(nothing)' : right;
}

const words = {
  change: row => run.fields[row[2]] + ': ' + (row[3] || '(nothing)') + ' -> ' +
    (row[4] || '(nothing)'),
};
const tellers = {
  fault: row => tell(time(row[0]) + ' fault', row[4]),
  command: row => tell(time(row[0]) + ' typed', row[2]),
  event: row => tell(time(row[0]) + ' node ' + nodes[row[1]] + ' ' + run.whats[row[2]], row[3]),
  change: row => {
    tell(time(row[0]) + ' node ' + nodes[row[1]] +
      (row[5] ? ' holds something else after it stopped' : ' stores'), '');
    show(run.fields[row[2]], 'before', row[3], 'after', row[4]);
  },
  message: row => {
    const lost = row[3] < 0;
    let text = row[4] + ' octets, sealed on the link. ' + (lost
      ? 'Lost, or still on its way at the end.'
      : 'Arrived ' + time(row[3]) + ', after ' + (row[3] - row[2]) / 1000 + ' ms.');
    if (!lost) {
      let at = first(run.changes, 0, row[3]), then = null; const brought = [];
      for (; at < run.changes.length && run.changes[at][0] <= row[3] + kBrought; ++at) {
        const change = run.changes[at];
        if (change[1] !== row[1] || (then !== null && change[0] !== then)) continue;
        then = change[0]; brought.push(words.change(change));
      }
      text += brought.length === 0 ? '\nThe receiver stored nothing in the next 50 ms.'
        : '\nWhat the receiver stored next, at ' + time(then) + ':\n' + brought.join('\n');
    }
    tell(time(row[2]) + ' ' + nodes[row[0]] + ' sends to ' + nodes[row[1]], text);
  },
};

function shade(svg, kind, a, b, list) {
  if (!within(a, b)) return null;
  const left = Math.max(LEFT, x(a)), right = Math.min(W, Math.max(x(b), left + 2));
  const group = make('g', {class: kind});
  for (const node of (list.length ? list : nodes.keys())) {
    group.append(make('rect',
      {x: left, width: Math.max(2, right - left), y: laneY(node) - LANE / 2, height: LANE}));
  }
  svg.append(group);
  return group;
}

function drawLanes(svg) {
  for (const fault of run.faults) {
    const until = fault[2] === 'broken' ? run.end : Math.min(fault[0] + fault[1], run.healed);
    const group = shade(svg, fault[2], fault[0], until, fault[3]);
    if (group === null) continue;
    group.append(make('title', {}, time(fault[0]) + ' ' + fault[4]));
    group.onclick = () => tellers.fault(fault);
  }
  const died = {};
  const down = (node, until) => {
    if (died[node] !== undefined) shade(svg, 'down', died[node], until, [node]);
    delete died[node];
  };
  for (const event of run.events) {
    if (run.whats[event[2]] === 'dies') died[event[1]] = event[0];
    if (run.whats[event[2]] === 'starts') down(event[1], event[0]);
  }
  for (const node in died) down(Number(node), run.end);
  nodes.forEach((name, i) => {
    svg.append(make('line', {class: 'lane', x1: LEFT, x2: W, y1: laneY(i), y2: laneY(i)}));
    svg.append(make('text', {x: 8, y: laneY(i) + 4}, 'node ' + name));
  });
  for (let i = 0; i <= 10; ++i) {
    const at = Math.round(from + span * i / 10);
    svg.append(make('line', {x1: x(at), x2: x(at), y1: 16, y2: 21, stroke: 'currentColor'}));
    if (i < 10) svg.append(make('text', {x: x(at) + 3, y: 13}, time(at).slice(0, -3)));
  }
  const upright = (at, kind) => {
    if (within(at, at)) svg.append(make('line',
      {class: kind, x1: x(at), x2: x(at), y1: 16, y2: lanesEnd}));
  };
  upright(run.healed, 'healed');
  if (run.failure) upright(run.failure.at, 'now');
  if (run.divergence) upright(run.divergence.at, 'now');
}

function drawMessages(svg) {
  let drawn = 0, left = 0;
  const group = make('g', {'clip-path': 'url(#lanes)'});
  svg.append(group);
  for (const row of run.messages) {
    const lost = row[3] < 0, end = lost ? row[2] + span / 40 : row[3];
    if (row[2] > from + span) break;
    if (!within(row[2], end)) continue;
    if (drawn++ >= kArrows) { ++left; continue; }
    const share = lost ? 0.6 : 1, a = laneY(row[0]), b = a + (laneY(row[1]) - a) * share;
    const kind = lost ? 'lost' : row[3] - row[2] > kLate ? 'late' : '';
    const line = make('line', {class: 'message ' + kind, x1: x(row[2]), y1: a, x2: x(end), y2: b,
      'marker-end': lost ? 'url(#cross)' : 'url(#head)'});
    line.onclick = () => tellers.message(row);
    group.append(line);
  }
  return left;
}

const kSigns = {'is asked': ['\u25BC', 'asked', -9], answers: ['\u25B2', 'answers', 20],
  dies: ['\u2717', 'dies', 4], starts: ['\u25B7', 'answers', 4]};

function drawMarks(svg) {
  let drawn = 0, left = 0;
  const mark = (row, sign, kind, dy, teller) => {
    if (drawn++ >= kMarks) { ++left; return; }
    const it = make('text', {class: 'mark ' + kind, x: x(row[0]) - 5, y: laneY(row[1]) + dy}, sign);
    it.onclick = () => teller(row);
    svg.append(it);
  };
  for (let i = first(run.events, 0, from); i < run.events.length; ++i) {
    const row = run.events[i];
    if (row[0] > from + span) break;
    const sign = kSigns[run.whats[row[2]]];
    if (sign) mark(row, sign[0], sign[1], sign[2], tellers.event);
  }
  let last = '';
  for (let i = first(run.changes, 0, from); i < run.changes.length; ++i) {
    const row = run.changes[i], place = row[0] + ' ' + row[1];
    if (row[0] > from + span) break;
    const gone = row[5] && row[3] !== '';
    if (place === last && !gone) continue;  // One dot for all that one commit stored.
    last = place;
    mark(row, gone ? '\u26A0' : '\u25CF', gone ? 'back' : 'stored', 4, tellers.change);
  }
  return left;
}

function strip(svg, top, name, lines, low, high, scale) {
  svg.append(make('text', {x: 8, y: top + 14}, name));
  svg.append(make('text', {x: 8, y: top + 28}, low + ' to ' + high));
  svg.append(make('line', {class: 'lane', x1: LEFT, x2: W, y1: top + STRIP, y2: top + STRIP}));
  lines.forEach((pick, i) => {
    let path = '';
    for (const row of run.samples) {
      if (row[0] > from + span) break;
      const y = top + STRIP - 4 - scale(pick(row)) * (STRIP - 10), at = Math.max(LEFT, x(row[0]));
      path = row[0] <= from || path === '' ? 'M' + at + ' ' + y : path + 'H' + at + 'V' + y;
    }
    const hue = Math.round(360 * i / lines.length);
    const it = make('path', {d: path + 'H' + Math.min(W, x(run.end)), fill: 'none',
      stroke: 'hsl(' + hue + ' 60% 50%)', 'stroke-width': 1.5});
    it.append(make('title', {}, lines.length > 1 ? 'node ' + nodes[i] : name));
    if (path !== '') svg.append(it);
  });
}

function drawStrips(svg) {
  let most = 1;
  for (const row of run.samples) for (const skew of row[2]) most = Math.max(most, Math.abs(skew));
  const log = skew => Math.sign(skew) * Math.log10(1 + Math.abs(skew));
  strip(svg, lanesEnd + 6, 'clock skew', nodes.map((_, i) => row => row[2][i]), '\u00B10',
    most < 1e4 ? most + ' ms' : most < 1e7 ? Math.round(most / 1e3) + ' s'
      : Math.round(most / 3600e3) + ' h', skew => 0.5 + log(skew) / log(most) / 2);
  strip(svg, lanesEnd + 12 + STRIP, 'digests', [row => row[1]], 1, nodes.length,
    count => nodes.length < 2 ? 0 : (count - 1) / (nodes.length - 1));
}

function list() {
  const rows = [], wanted = $('filter').value.toLowerCase();
  const add = (row, text, teller) => {
    if (text.toLowerCase().includes(wanted)) rows.push([row[0], text, row, teller]);
  };
  for (const row of run.faults) if (within(row[0], row[0])) add(row, row[4], tellers.fault);
  for (const row of run.commands) if (within(row[0], row[0])) add(row, row[2], tellers.command);
  for (let i = first(run.events, 0, from); i < run.events.length; ++i) {
    const row = run.events[i];
    if (row[0] > from + span) break;
    add(row, nodes[row[1]] + ' ' + run.whats[row[2]] + ' ' + row[3], tellers.event);
  }
  for (let i = first(run.changes, 0, from); i < run.changes.length; ++i) {
    const row = run.changes[i];
    if (row[0] > from + span) break;
    add(row, nodes[row[1]] + ' stores ' + words.change(row), tellers.change);
  }
  rows.sort((a, b) => a[0] - b[0]);
  const shown = rows.slice(0, kRows).map(([at, text, row, teller]) => {
    const line = document.createElement('div');
    line.textContent = time(at) + '  ' + text;
    line.onclick = () => teller(row);
    return line;
  });
  $('list').replaceChildren(...shown);
  return rows.length - shown.length;
}

function draw() {
  from = Math.max(0, Math.min(from, Math.max(0, run.end - span * 0.9)));
  const svg = $('drawing'), height = lanesEnd + 2 * STRIP + 20;
  svg.setAttribute('viewBox', '0 0 ' + W + ' ' + height);
  const defs = make('defs', {});
  const head = (id, d, style) => {
    const marker = make('marker', {id, viewBox: '0 0 8 8', refX: id === 'head' ? 8 : 4, refY: 4,
      markerWidth: 6, markerHeight: 6, orient: 'auto', markerUnits: 'userSpaceOnUse'});
    marker.append(make('path', {d, ...style}));
    defs.append(marker);
  };
  head('head', 'M0 0L8 4L0 8z', {fill: '#48a'});
  head('cross', 'M0 0L8 8M8 0L0 8', {stroke: '#c22', 'stroke-width': 2});
  const clip = make('clipPath', {id: 'lanes'});
  clip.append(make('rect', {x: LEFT - 4, y: 0, width: W, height: lanesEnd}));
  defs.append(clip);
  svg.replaceChildren(defs);
  drawLanes(svg);
  const arrows = drawMessages(svg), marks = drawMarks(svg);
  drawStrips(svg);
  const lines = list(), out = [];
  const note = (count, what) => { if (count > 0) out.push(count + ' ' + what); };
  note(arrows, 'arrows of this window'); note(marks, 'marks of this window');
  note(lines, 'lines of this window');
  note(run.left_out[0], 'earliest events of the run'); note(run.left_out[2],
    'earliest stored changes'); note(run.left_out[1], 'earliest messages');
  $('left-out').textContent = out.length ? 'Left out: ' + out.join(', ') + '.' : '';
  $('slider').max = run.end; $('slider').value = from;
}

function jump(at, width) {
  span = width; $('span').value = String(width / 1e6);
  from = Math.round(at - span / 2);
  draw();
}

function toDivergence() {
  const found = run.divergence;
  if (!found) return tell('No divergence', 'No two stores ever differed.');
  jump(found.at, 1e6);
  tell(time(found.at) + ' first divergence', found.why);
  show(found.field, found.left, found.left_value, found.right, found.right_value);
}

$('title').textContent = document.title;
$('summary').textContent = run.summary;
$('options').textContent = run.options;
if (run.failure) {
  $('failure').textContent = run.failure.words + ', at ' + time(run.failure.at) + ': ' +
    run.failure.detail;
}
$('to-failure').hidden = !run.failure;
$('to-divergence').onclick = toDivergence;
$('to-failure').onclick = () => {
  jump(run.failure.at, 10e6); tell(time(run.failure.at) + ' failure', run.failure.words + '\n' +
    run.failure.detail);
};
$('back').onclick = () => { from -= span * 0.8; draw(); };
$('on').onclick = () => { from += span * 0.8; draw(); };
$('slider').oninput = () => { from = Number($('slider').value); draw(); };
$('span').onchange = () => { span = Number($('span').value) * 1e6; draw(); };
$('filter').oninput = draw;
document.onkeydown = event => {
  if (event.target.tagName === 'INPUT') return;
  if (event.key === 'ArrowLeft') $('back').onclick();
  if (event.key === 'ArrowRight') $('on').onclick();
};
draw();
)JS";

}  // namespace simulation
