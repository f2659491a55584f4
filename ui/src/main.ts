import { mount } from 'svelte';

import App from './App.svelte';
import { app } from './parts/app.svelte';
import { list } from './sessions/list.svelte';
import './style/base.css';

app.startTheme();
// Asked for before the first frame is drawn: the shell must not wait for data, nor data for the shell.
void app.load();
list.refresh();

const target = document.getElementById('app');
if (target) mount(App, { target });
