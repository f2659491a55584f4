/// <reference types="svelte" />
/// <reference types="vite/client" />

interface Window {
  /** For tests of the whole app. Times are ms from the start of the session. */
  __dwell?: { id: string; shown(): number | null; time(): number; seek(epoch: number): void; seeking(): boolean; playing(): boolean };
}
