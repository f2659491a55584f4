/* One way back for everything: what was done last, to the filter or to a session, is what is undone. */
import { app } from '../parts/app.svelte';
import { filters } from './filters.svelte';
import { reviews } from './reviews.svelte';

/** Undoes the last step, or does the last undone one again. Filters belong to the list alone. */
export function turn(redo: boolean): void {
  const filter = app.room === 'sessions' && (redo ? filters.canRedo : filters.canUndo) && filters.changed > reviews.changed;
  if (filter) filters.turn(redo);
  else void reviews.turn(redo);
}
