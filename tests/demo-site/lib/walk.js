// The live page in Dwell's canonical form: text "…", comment ["!--", data], doctype, element [tag, attrs|0, kids|0, extra|0].
(function () {
  const NS = { 'http://www.w3.org/1999/xhtml': '', 'http://www.w3.org/2000/svg': 'svg:', 'http://www.w3.org/1998/Math/MathML': 'math:' };
  const rules = s => { try { return [s.cssRules.length]; } catch { return null; } };
  const adopted = r => r.adoptedStyleSheets && r.adoptedStyleSheets.length ? Array.from(r.adoptedStyleSheets, rules) : null;
  const kids = n => Array.from(n.childNodes, node).filter(x => x !== null);
  function node(n) {
    if (n.nodeType === 3 || n.nodeType === 4) return n.data;
    if (n.nodeType === 8) return ['!--', n.data];
    if (n.nodeType === 10) return ['!doctype', n.name, n.publicId, n.systemId];
    return n.nodeType === 1 ? element(n) : null;
  }
  function element(el) {
    const html = el.namespaceURI === 'http://www.w3.org/1999/xhtml', ln = el.localName, x = {};
    const attrs = {}; for (const name of el.getAttributeNames().sort()) attrs[name] = el.getAttribute(name);
    if (el.shadowRoot) { x.sr = [el.shadowRoot.mode, kids(el.shadowRoot)]; const a = adopted(el.shadowRoot); if (a) x.sr.push(a); }
    if (html) {
      if (ln === 'input') { if (el.type === 'checkbox' || el.type === 'radio') x.ck = el.checked; else if (el.type !== 'file') x.v = el.value; }
      if (ln === 'textarea') x.v = el.value;
      if (ln === 'select') x.si = Array.from(el.options).flatMap((o, i) => o.selected ? [i] : []);
      if (ln === 'iframe') { let d = null; try { d = el.contentDocument; } catch {} if (d && d.documentElement) x.if = doc(d); }
      if (el.sheet && (ln === 'style' || ln === 'link')) { const r = rules(el.sheet); if (r) x.css = r; }
      if (ln === 'template' && el.content.firstChild) x.tc = kids(el.content);
      if ((ln === 'dialog' || ln === 'details') && el.open) x.op = 1;
    }
    if (el.scrollLeft || el.scrollTop) { x.sx = Math.round(el.scrollLeft); x.sy = Math.round(el.scrollTop); }
    const k = kids(el), out = [(NS[el.namespaceURI] ?? el.namespaceURI + ':') + ln, Object.keys(attrs).length ? attrs : 0, k.length ? k : 0, Object.keys(x).length ? x : 0];
    while (out.length > 1 && out[out.length - 1] === 0) out.pop();
    return out;
  }
  function doc(d) {
    const w = d.defaultView, x = {}, a = adopted(d);
    if (a) x.ad = a;
    if (w) { x.sx = Math.round(w.scrollX); x.sy = Math.round(w.scrollY); }
    return ['#document', 0, kids(d), x];
  }
  window.__walk = doc;
})();
