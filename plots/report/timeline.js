// Which marks a window of the timeline shows. Spans narrower than a pixel are merged into one mark,
// so that a hundred thousand of them draw as fast as a hundred.

// What a label would say the row says already.
const kBusy = new Set(['gpu', 'link', 'generates']);

/** Whether white is easier to read on a colour than black. */
function isDark(colour) {
  const part = (i) => parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16);
  return 0.299 * part(0) + 0.587 * part(1) + 0.114 * part(2) < 110;
}

/** {spans, instants, flows} of the part [from, to] (ms) drawn on `pixels` columns. */
export function marks(timeline, from, to, pixels) {
  const us = 1000;
  const narrow = ((to - from) * us) / pixels;
  const name = (i) => timeline.names[i];
  const row = (i) => timeline.rows[i];
  const spans = [];
  let open = null; // a merged mark that may grow
  const put = (s) => {
    const look = timeline.looks[s.kind];
    spans.push({
      // At least a pixel wide: a short copy is seen too.
      row: row(s.row), begin: s.begin / us, end: Math.max(s.end, s.begin + narrow) / us, kind: timeline.kinds[s.kind],
      name: s.count > 1 ? `${s.count} spans` : name(s.name), length: (s.end - s.begin) / us,
      bold: look.dash[1] > 0 || look.stroke === look.fill, labelled: !kBusy.has(timeline.kinds[s.kind]),
      dark: isDark(look.fill),
    });
  };
  const flush = () => {
    if (open) put(open);
    open = null;
  };
  for (const [r, begin, length, id, kind] of timeline.spans) {
    const end = begin + length;
    if (end < from * us || begin > to * us) continue;
    if (length >= narrow) {
      flush();
      put({row: r, begin, end, name: id, kind, count: 1});
    } else if (open && open.row === r && open.kind === kind && begin - open.end < narrow) {
      open.end = Math.max(open.end, end);
      open.count += 1;
    } else {
      flush();
      open = {row: r, begin, end, name: id, kind, count: 1};
    }
  }
  flush();
  const inside = (at) => at >= from * us && at <= to * us;
  const instants = timeline.instants.filter(([, at]) => inside(at)).map(([r, at, id, kind]) => ({
    row: row(r), at: at / us, moment: timeline.kinds[kind], name: name(id),
  }));
  const flows = [];
  timeline.flows.forEach((points, id) => {
    const visible = points.some(([, at]) => inside(at));
    if (!visible || flows.length > 600) return;
    points.forEach(([r, at], i) => flows.push({id, i, row: row(r), at: at / us}));
  });
  return {spans, instants, flows};
}

/** All of the run, in ms, with a little air behind it. */
export function wholeWindow(timeline) {
  return [0, timeline.end / 1000 * 1.01];
}

/** The datasets of the whole of it, for a picture. */
export function wholeTimeline(timeline, pixels) {
  return marks(timeline, ...wholeWindow(timeline), pixels);
}

/** Words that the specification needs: which rows there are, and which kinds occur. */
export function timelineWords(timeline) {
  const used = [...new Set(timeline.spans.map((s) => s[4]))].sort((a, b) => a - b);
  const shown = [...new Set(timeline.instants.map((s) => s[3]))].sort((a, b) => a - b);
  const look = (kinds, what) => kinds.map((k) => timeline.looks[k][what]);
  const word = (kinds) => kinds.map((k) => timeline.kinds[k]);
  return {
    rows: timeline.rows, window: wholeWindow(timeline),
    spanKinds: word(used), spanFills: look(used, 'fill'), spanStrokes: look(used, 'stroke'),
    spanDashes: look(used, 'dash'), instantKinds: word(shown),
    instantFills: look(shown, 'fill'), instantShapes: look(shown, 'shape'),
    instantLegend: shown.length ? {orient: 'top', columns: 2} : null,
  };
}

