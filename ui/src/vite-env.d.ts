/// <reference types="svelte" />
/// <reference types="vite/client" />

interface Window {
  /** For tests of the whole app. Times are ms from the start of the session; `from` and what is sought are epoch ms. */
  __dwell?: { id: string; from: number; shown(): number | null; time(): number; seek(epoch: number): void; seeking(): boolean; playing(): boolean };
}
