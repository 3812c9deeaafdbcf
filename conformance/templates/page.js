'use strict';
(() => {
const $ = id => document.getElementById(id);
const cases = [...document.querySelectorAll('details.case')];
const tiles = [...document.querySelectorAll('.tile')];
const texts = new Map();

// ===== Filters. What they are set to stands in the address, so that it can be shared.

function text(one) {
  if (!texts.has(one)) {
    const parts = [one.querySelector('summary'), ...one.querySelectorAll('.facts')];
    texts.set(one, parts.map(part => part.textContent).join(' ').toLowerCase());
  }
  return texts.get(one);
}

function wanted() {
  return {
    words: $('q').value.toLowerCase().split(/\s+/).filter(Boolean),
    verdicts: tiles.filter(tile => tile.ariaPressed === 'true').map(tile => tile.dataset.verdict),
    protocol: $('protocol').value, chapter: $('chapter').value, level: $('level').value,
    differing: $('differing')?.checked ?? false,
  };
}

function matches(one, want) {
  const has = one.dataset;
  return (!want.verdicts.length || has.verdict.split(' ').some(verdict => want.verdicts.includes(verdict)))
    && (!want.protocol || has.protocol === want.protocol)
    && (!want.chapter || has.chapter === want.chapter)
    && (!want.level || has.level === want.level)
    && (!want.differing || 'differs' in has)
    && want.words.every(word => text(one).includes(word));
}

function filter() {
  const want = wanted();
  let shown = 0;
  for (const one of cases) {
    one.hidden = !matches(one, want);
    shown += !one.hidden;
  }
  for (const group of document.querySelectorAll('[data-group]')) {
    const count = group.querySelectorAll('details.case:not([hidden])').length;
    group.hidden = count === 0;
    group.querySelector('[data-count]').textContent = count;
  }
  $('shown').textContent = `${shown} of ${cases.length} cases shown`;
  $('nothing').hidden = shown > 0;
  const state = new URLSearchParams();
  if ($('q').value) state.set('q', $('q').value);
  if (want.verdicts.length) state.set('verdict', want.verdicts.join(','));
  for (const key of ['protocol', 'chapter', 'level']) if (want[key]) state.set(key, want[key]);
  if (want.differing) state.set('differing', '1');
  const hash = state.toString();
  history.replaceState(null, '', hash ? '#' + hash : location.pathname + location.search);
}

function set(state) {
  $('q').value = state.get('q') ?? '';
  const verdicts = (state.get('verdict') ?? '').split(',');
  for (const tile of tiles) tile.ariaPressed = String(verdicts.includes(tile.dataset.verdict));
  for (const key of ['protocol', 'chapter', 'level']) {
    const select = $(key), value = state.get(key) ?? '';
    select.value = [...select.options].some(option => option.value === value) ? value : '';
  }
  if ($('differing')) $('differing').checked = state.has('differing');
}

function follow() {
  const hash = decodeURIComponent(location.hash.slice(1));
  const place = hash && $(hash);
  if (place) {
    if (place.matches('details.case')) { set(new URLSearchParams()); filterQuietly(); place.open = true; }
    place.scrollIntoView();
  } else if (location.hash.includes('=')) {
    set(new URLSearchParams(location.hash.slice(1)));
    filter();
  }
}

function filterQuietly() {
  const hash = location.hash;
  filter();
  history.replaceState(null, '', hash || location.pathname + location.search);
}

$('filters').addEventListener('submit', event => event.preventDefault());
$('filters').addEventListener('input', filter);
$('differing')?.addEventListener('input', filter);
for (const tile of tiles) {
  tile.addEventListener('click', () => {
    tile.ariaPressed = String(tile.ariaPressed !== 'true');
    filter();
  });
}
$('clear').addEventListener('click', () => { set(new URLSearchParams()); filter(); $('q').focus(); });

// ===== Keys.

const shownCases = () => cases.filter(one => !one.hidden);
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $('about').open) return;
  const typing = event.target.matches('input, select, textarea');
  if (event.key === 'Escape' && event.target === $('q')) {
    $('q').value = '';
    filter();
  } else if (typing) {
    return;
  } else if (event.key === '/') {
    event.preventDefault();
    $('q').focus();
  } else if (event.key === 'j' || event.key === 'k') {
    const all = shownCases();
    const at = all.indexOf(event.target.closest?.('details.case'));
    const next = at < 0 ? all[0] : all[at + (event.key === 'j' ? 1 : -1)];
    next?.querySelector('summary').focus();
  }
});

// ===== Requirements.

for (const cell of document.querySelectorAll('button.cell')) {
  cell.addEventListener('click', () => {
    const [head, ...rest] = cell.title.split(' — ');
    $('about-title').textContent = head;
    $('about-text').textContent = rest.join(' — ');
    $('about-cases').hidden = cell.matches('.open, .beyond');
    $('about-cases').onclick = () => {
      $('about').close();
      set(new URLSearchParams({ q: cell.dataset.id, protocol: cell.dataset.protocol }));
      filter();
      $('cases').scrollIntoView();
    };
    $('about').showModal();
  });
}

// ===== Traces, made when they are looked at. Text only: nothing a target says becomes markup.

const SYMBOLS = { opened: '+', sent: '→', received: '←', closed: '✕', left: '−', waited: '…', note: '·' };
const WHOLE = 64, BEGINNING = 32, AROUND = 8, AT_ONCE = 300;

function make(name, kind, said) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (said !== undefined) element.textContent = said;
  return element;
}

function shownByte(hex, asText) {
  if (!asText) return hex;
  const code = parseInt(hex, 16);
  if (code === 10) return '\\n';
  if (code === 13) return '\\r';
  if (code === 9) return '\\t';
  if (code === 92) return '\\\\';
  return code >= 32 && code < 127 ? String.fromCharCode(code) : '\\x' + hex;
}

function bytes(entry, asText, all) {
  const [, , , , hex, length, marks] = entry;
  const cell = make('span', 'bytes');
  const kept = hex.length / 2;
  const marked = at => marks.some(([start, end]) => at >= start && at < Math.max(end, start + 1));
  const near = at => marks.some(([start, end]) => at >= start - AROUND && at < end + AROUND);
  const wide = all || kept <= WHOLE;
  let run = '', inMark = null, gap = false;
  const flush = () => {
    if (!run) return;
    cell.append(inMark ? make('mark', '', run.trimEnd()) : run);
    if (inMark && run.endsWith(' ')) cell.append(' ');
    run = '';
  };
  for (let at = 0; at < kept; at++) {
    if (!wide && at >= BEGINNING && !near(at)) { gap = true; continue; }
    if (gap) { flush(); cell.append('… '); gap = false; }
    const mark = marked(at);
    if (mark !== inMark) { flush(); inMark = mark; }
    run += shownByte(hex.slice(2 * at, 2 * at + 2), asText) + (asText ? '' : ' ');
  }
  flush();
  if (!wide) {
    const more = make('button', '', `all ${kept} bytes`);
    more.type = 'button';
    more.addEventListener('click', () => cell.replaceWith(bytes(entry, asText, true)));
    cell.append(' ', more);
  }
  if (length > kept) cell.append(` (${kept} of ${length} bytes kept)`);
  return cell;
}

function row(entry, asText) {
  const [at, connection, kind, says, hex, , marks] = entry;
  const line = make('li', kind + (marks.length ? ' marked' : ''));
  line.append(make('span', 'at', at.toFixed(1)), make('span', 'conn', connection || ''));
  const direction = make('span', 'dir', SYMBOLS[kind] ?? '?');
  direction.title = kind;
  line.append(direction, make('span', hex ? 'says' : 'says hold', says));
  if (hex) line.append(bytes(entry, asText, false));
  for (const [start, end, note] of marks) {
    const where = end > start + 1 ? `bytes ${start} to ${end - 1}` : `byte ${start}`;
    line.append(make('span', 'shows', `▲ ${where}: ${note}`));
  }
  return line;
}

function draw(place) {
  if (place.childElementCount && !place.querySelector('noscript')) return;
  const entries = JSON.parse(place.nextElementSibling.textContent);
  const list = make('ol');
  list.setAttribute('aria-label', 'Packet trace: milliseconds, connection, direction, what it is, bytes');
  place.replaceChildren(list);
  const asText = place.dataset.as === 'text';
  const add = from => {
    list.append(...entries.slice(from, from + AT_ONCE).map(entry => row(entry, asText)));
    const left = entries.length - from - AT_ONCE;
    if (left <= 0) return;
    const more = make('button', '', `${left} more entries`);
    more.type = 'button';
    more.addEventListener('click', () => { more.remove(); add(from + AT_ONCE); });
    place.append(more);
  };
  add(0);
}

for (const one of cases) {
  one.addEventListener('toggle', () => {
    if (one.open) for (const place of one.querySelectorAll('.trace')) draw(place);
  });
}

filterQuietly();
follow();
addEventListener('hashchange', follow);
})();
