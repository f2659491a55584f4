import { mount } from 'svelte';

import App from './App.svelte';
import { app } from './parts/app.svelte';
import { columns } from './sessions/columns.svelte';
import { list } from './sessions/list.svelte';
import './style/base.css';

app.startTheme();
app.comeBack(location.hash);
if (location.hash) history.replaceState(null, '', location.pathname);
// Asked for before the first frame is drawn: the shell must not wait for data, nor data for the shell.
void app.load();
list.show(columns.needs);
list.refresh();

const target = document.getElementById('app');
if (target) mount(App, { target });

if (navigator.webdriver) breathe();

/** A driver's screenshot is answered at the next painting only: with plain painting and nothing that moves, never. */
function breathe(): void {
  const dot = document.createElement('div');
  dot.setAttribute('aria-hidden', 'true');
  dot.style.cssText = 'position:fixed;left:0;top:0;width:1px;height:1px;pointer-events:none;z-index:2147483647';
  document.body.append(dot);
  let odd = false;
  setInterval(() => {
    odd = !odd;
    dot.style.background = odd ? 'rgb(0 0 0 / 0.002)' : 'transparent';
  }, 100);
}
