// Puts a plot's words and tables into its specification.

/** A copy of `spec` in which every string "@name" is words.name. */
export function fill(spec, words) {
  if (typeof spec === 'string') {
    if (!spec.startsWith('@')) return spec;
    if (!(spec.slice(1) in words)) throw new Error(`the specification needs a word for ${spec}`);
    return words[spec.slice(1)];
  }
  if (Array.isArray(spec)) return spec.map((s) => fill(s, words));
  if (spec === null || typeof spec !== 'object') return spec;
  return Object.fromEntries(Object.entries(spec).map(([k, v]) => [k, fill(v, words)]));
}

/** A specification ready for Vega-Lite. Words that it names itself are its defaults. */
export function complete(spec, words, datasets, theme) {
  const defaults = (spec.usermeta && spec.usermeta.words) || {};
  const {usermeta, ...rest} = spec;
  return {...fill(rest, {...defaults, ...words}), datasets, config: theme};
}

