// Which marks a window of the timeline shows. Spans narrower than a pixel are merged into one mark,
// so that a hundred thousand of them draw as fast as a hundred.

/** {spans, instants, flows} of the part [from, to] (ms) drawn on `pixels` columns. */
export function marks(timeline, from, to, pixels) {
  const us = 1000;
  const narrow = ((to - from) * us) / pixels;
  const name = (i) => timeline.names[i];
  const row = (i) => timeline.rows[i];
  const spans = [];
  let open = null; // a merged mark that may grow
  const put = (s) => spans.push({
    row: row(s.row), begin: s.begin / us, end: s.end / us, kind: timeline.kinds[s.kind],
    name: s.count > 1 ? `${s.count} spans` : name(s.name), length: (s.end - s.begin) / us,
  });
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
  const used = new Set();
  timeline.spans.forEach((s) => used.add(timeline.kinds[s[4]]));
  const shown = new Set();
  timeline.instants.forEach((s) => shown.add(timeline.kinds[s[3]]));
  return {
    rows: timeline.rows, window: wholeWindow(timeline),
    spanKinds: [...used], instantKinds: [...shown],
  };
}

