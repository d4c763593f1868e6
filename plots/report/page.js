// Draws the plots of a report. Everything it reads is in the page.
const report = JSON.parse(document.getElementById('report').textContent);
const options = {
  actions: {export: true, source: false, compiled: false, editor: false},
  downloadFileName: 'fieldsim', logLevel: vega.Error, tooltip: {theme: 'custom'},
};
window.fieldsim = {views: [], errors: []}; // for tests and the console

function widthOf(figure) {
  return Math.max(280, figure.querySelector('.chart').clientWidth);
}

async function draw(figure) {
  const plot = report.plots[Number(figure.dataset.plot)];
  const chart = figure.querySelector('.chart');
  const pixels = widthOf(figure);
  const words = {...plot.words, width: pixels};
  const timeline = plot.timeline;
  const datasets = timeline ? wholeTimeline(timeline, pixels) : plot.datasets;
  if (timeline) Object.assign(words, timelineWords(timeline));
  const spec = complete(report.specs[plot.spec], words, datasets, report.theme);
  const {view} = await vegaEmbed(chart, spec, {...options, renderer: timeline ? 'canvas' : 'svg'});
  window.fieldsim.views[Number(figure.dataset.plot)] = view;
  if (timeline) zoomable(figure, view, timeline, pixels);
}

/** Redraws what the window shows when it moves, and adds buttons that move it. */
function zoomable(figure, view, timeline, pixels) {
  const whole = wholeWindow(timeline);
  let waiting = false;
  const refresh = async () => {
    waiting = false;
    const [from, to] = view.scale('x').domain();
    const shown = marks(timeline, from, to, pixels);
    for (const name of ['spans', 'instants', 'flows'])
      view.change(name, vega.changeset().remove(() => true).insert(shown[name]));
    await view.runAsync();
    figure.dataset.window = JSON.stringify([from, to]);
  };
  const later = () => {
    if (!waiting) requestAnimationFrame(refresh);
    waiting = true;
  };
  view.addSignalListener('zoom_begin', later);
  const buttons = document.createElement('div');
  buttons.className = 'buttons';
  for (const [label, from, to] of [['whole run', ...whole], ...timeline.focus.map(
    ([text, a, b]) => [text, a / 1000, b / 1000])]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.onclick = () => view.signal('zoom_begin', [from, to]).runAsync().then(refresh);
    buttons.append(button);
  }
  figure.prepend(buttons);
  figure.dataset.window = JSON.stringify(whole);
}

const choice = document.createElement('button');
choice.type = 'button';
choice.id = 'scheme';
choice.textContent = 'light / dark';
choice.onclick = () => {
  const dark = getComputedStyle(document.documentElement).getPropertyValue('--dark').trim() === '1';
  document.documentElement.dataset.scheme = dark ? 'light' : 'dark';
};
document.querySelector('nav').append(choice);

for (const figure of document.querySelectorAll('figure.plot'))
  try {
    await draw(figure);
  } catch (error) {
    window.fieldsim.errors.push(String(error));
    figure.querySelector('.chart').textContent = `This plot failed: ${error.message}`;
    console.error(error);
  }
document.documentElement.dataset.drawn = 'yes';
