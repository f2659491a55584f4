// The frame's page in Chromium, on this machine: what stands elsewhere than on the recorded page for want of the
// recording machine's fonts stands elsewhere in both engines, and at the same place.
//
// The trap: Chromium knows no replay-asset, so pictures get the size that they have in the frame. What Chromium is not
// given (shadow roots, adopted sheets) it cannot lay out; then the engines disagree, and nothing is excused.

/** Runs in the window: the page as text, with the sizes of what is loaded. */
export const PAGE = `
  const inside = document.querySelector('[data-testid=stage-frame]').contentDocument;
  const win = inside.defaultView;
  const clone = inside.documentElement.cloneNode(true);
  const [from, to] = [inside.documentElement, clone].map((root) => root.querySelectorAll('img, video, object, embed, canvas, iframe, input[type=image]'));
  from.forEach((element, i) => {
    const { width, height, display } = win.getComputedStyle(element);
    if (display === 'inline' || display === 'none') to[i].style.setProperty('display', display === 'none' ? 'none' : 'inline-block');
    for (const [name, value] of [['width', width], ['height', height]]) if (value.endsWith('px')) to[i].style.setProperty(name, value, 'important');
    for (const name of ['src', 'srcset', 'data']) to[i].removeAttribute(name);
  });
  return {
    html: (inside.compatMode === 'CSS1Compat' ? '<!DOCTYPE html>' : '') + clone.outerHTML,
    size: [win.innerWidth, win.innerHeight],
    scroll: [win.scrollX, win.scrollY],
    scrolled: [...inside.querySelectorAll('*')].flatMap((e, i) => (e.scrollTop || e.scrollLeft ? [[i, e.scrollLeft, e.scrollTop]] : [])),
  };`;

export async function otherEngine(executablePath) {
  const { chromium } = await import('../demo-site/node_modules/playwright-core/index.mjs');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'] });
  const page = await browser.newPage();
  await page.route('**', (route) => route.abort());
  return {
    /** Boxes of the elements in Chromium. `read` is the body of the function that reads them in the frame. */
    async boxes({ html, size, scroll, scrolled }, read, elements) {
      await page.setViewportSize({ width: size[0], height: size[1] });
      await page.setContent(html);
      return page.evaluate(
        ([body, list, [x, y], inner]) => {
          const all = document.querySelectorAll('*');
          for (const [i, left, top] of inner) if (all[i]) (all[i].scrollLeft = left), (all[i].scrollTop = top);
          scrollTo({ left: x, top: y, behavior: 'instant' });
          return new Function('inside', body)(document).call(null, list);
        },
        [`return function () { ${read} }`.replace(/const inside = [^;]*;/, ''), elements, scroll, scrolled],
      );
    },
    close: () => browser.close(),
  };
}
