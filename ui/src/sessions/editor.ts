/*
 * The text of a filter in CodeMirror: colours, completion, underlines. Loaded when it is opened.
 *
 * The trap: this is no second reader of the language. It looks only at the words around the cursor, to offer what may
 * come next; whether a row can be read, and where it goes wrong, Rust says.
 */
import { acceptCompletion, autocompletion, completionKeymap, completionStatus, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';

import type { FilterField as Field } from '../bridge';
import { count } from '../parts/format';
import type { Wrong } from './filters.svelte';
import { quoted } from './simple';

const KEYWORDS = /^(and|or|not)$/i;
const WORDED = /^(in|between|contains|starts|ends|with|matches|is|empty)$/i;

const language = StreamLanguage.define<{ value: boolean; list: boolean }>({
  startState: () => ({ value: false, list: false }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^(!=|>=|<=|[=<>])/)) {
      state.value = true;
      return 'operator';
    }
    const bracket = stream.match(/^[(),]/) as RegExpMatchArray | null;
    if (bracket) {
      // In a list every word is a value.
      if (bracket[0] === '(') state.list = state.value;
      else if (bracket[0] === ')') state.list = false;
      state.value = state.list;
      return 'bracket';
    }
    if (stream.match(/^"(\\["\\]|[^"])*"?/)) {
      state.value = false;
      return 'string';
    }
    const word = stream.match(/^([^\s(),"=<>!]|!(?!=))+/) as RegExpMatchArray | null;
    if (!word) {
      stream.next();
      return null;
    }
    const text = word[0];
    if (KEYWORDS.test(text)) {
      state.value = false;
      return 'keyword';
    }
    if (state.value) {
      state.value = false;
      return /^[\d.+-]/.test(text) ? 'number' : 'string';
    }
    if (WORDED.test(text)) {
      state.value = !/^(is|starts|ends)$/i.test(text);
      return 'operator';
    }
    if (text.startsWith('@')) return 'atom';
    return /^[\d.]/.test(text) ? 'number' : 'variableName';
  },
});

const colours = HighlightStyle.define([
  { tag: tags.variableName, color: 'var(--text)', fontWeight: '550' },
  { tag: tags.operator, color: 'var(--text-3)' },
  { tag: tags.keyword, color: 'var(--accent-text)', fontWeight: '550' },
  { tag: tags.string, color: 'var(--quick)' },
  { tag: tags.number, color: 'var(--scroll)' },
  { tag: tags.atom, color: 'var(--error)' },
]);

const theme = EditorView.theme({
  '&': { font: 'var(--t-code)', maxHeight: '126px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: 'inherit', lineHeight: '20px', overflow: 'auto' },
  '.cm-content': { padding: '3px 0', caretColor: 'var(--text)', fontVariantLigatures: 'none' },
  '.cm-line': { padding: '0 8px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger)', textDecorationSkipInk: 'none', textUnderlineOffset: '3px' },
  '.cm-lintPoint-error::after': { borderBottomColor: 'var(--danger)' },
  '.cm-tooltip': { border: '0', background: 'var(--raised)', color: 'var(--text)', borderRadius: 'var(--r-8)', boxShadow: 'var(--shadow-2)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { font: 'var(--t-12)', fontFamily: 'var(--font)', maxHeight: '260px', padding: '4px', minWidth: '220px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { display: 'flex', gap: '8px', alignItems: 'center', minHeight: '26px', padding: '2px 8px', borderRadius: 'var(--r-5)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--accent-soft)', color: 'var(--accent-text)' },
  '.cm-completionLabel': { flex: '1', overflow: 'hidden', textOverflow: 'ellipsis' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '650' },
  '.cm-completionDetail': { fontStyle: 'normal', color: 'var(--text-2)', marginLeft: 'auto' },
  '.cm-tooltip-lint': { padding: '4px 10px', font: 'var(--t-12)' },
  '.cm-diagnostic': { border: '0', padding: '2px 0' },
  '.cm-diagnostic-error': { borderLeft: '0' },
});

const TEXT_OPERATORS = ['=', '!=', 'in', 'not in', 'contains', 'not contains', 'starts with', 'ends with', 'matches', 'not matches', 'is empty', 'is not empty'];
const ORDER_OPERATORS = ['>', '>=', '<', '<=', '=', '!=', 'between', 'is empty', 'is not empty'];

/** What may stand at the cursor, by the words before it on its line. */
export type Place = { what: 'field'; from: number } | { what: 'operator'; from: number; field: string } | { what: 'value'; from: number; field: string; begun: string } | { what: 'join'; from: number };

/** Looks at the words of a line up to the cursor. Pure. */
export function placeIn(before: string): Place {
  const words = [...before.matchAll(/"(?:\\["\\]|[^"])*"?|!=|>=|<=|[=<>(),]|(?:tag\."(?:\\["\\]|[^"])*"?)|(?:[^\s(),"=<>!]|!(?!=))+/gi)].map((m) => ({ text: m[0], at: m.index, end: m.index + m[0].length }));
  const last = words.at(-1);
  // The word that is being written is not said yet.
  const open = last && last.end === before.length && !/^(!=|>=|<=|[=<>(),])$/.test(last.text) ? last : undefined;
  const done = open ? words.slice(0, -1) : words;
  const from = open?.at ?? before.length;
  const begun = (open?.text ?? '').replace(/^"|"$/g, '');
  // Forward through what is finished, as the grammar has it.
  let place: 'field' | 'operator' | 'value' | 'join' = 'field';
  let field = '';
  let list = false;
  let bound = 0;
  for (const { text } of done) {
    const word = text.toLowerCase();
    if (list) {
      if (word === ')') [list, place] = [false, 'join'];
      else place = word === '(' || word === ',' ? 'value' : 'join';
    } else if (place === 'field') {
      if (word !== 'not' && word !== '(') [field, place] = [text, 'operator'];
    } else if (place === 'operator') {
      if (/^(=|!=|>|>=|<|<=|contains|matches|with)$/.test(word)) place = 'value';
      else if (word === 'in') [list, place] = [true, 'value'];
      else if (word === 'between') [bound, place] = [2, 'value'];
      else if (word === 'empty') place = 'join';
      else if (word === 'and' || word === 'or') place = 'field';
    } else if (place === 'value') {
      if (word === '(') list = true;
      else if (bound && word === 'and') place = 'value';
      else if (bound > 1) bound--;
      else [bound, place] = [0, 'join'];
    } else if (word === 'and' || word === 'or') place = 'field';
  }
  if (list && place === 'join') return { what: 'join', from };
  return place === 'value' ? { what: 'value', from, field, begun } : place === 'operator' ? { what: 'operator', from, field } : { what: place, from };
}

export interface Editing {
  text: string;
  label: string;
  typed: (text: string) => void;
  enter: (text: string) => void;
  leave: () => void;
  fields: () => readonly Field[];
  /** Values of a field that begin so, with how many sessions have them; `row` is the line of the cursor. */
  values: (field: string, begun: string, row: number) => Promise<{ value: string; count: number }[]>;
  quote: (field: string) => boolean;
}

export interface Editor {
  focus(line: number): void;
  focused(): boolean;
  set(text: string): void;
  mark(wrong: readonly Wrong[]): void;
  close(): void;
}

const bare = (text: string) => /^[^\s(),"'=<>!]+$/.test(text) && !KEYWORDS.test(text);
/** A value as it stands in a row. */
export const written = (text: string): string => (bare(text) ? text : quoted(text));
/** A field as it stands in a row. */
export const named = (name: string): string => (name.startsWith('tag.') && !bare(name) ? `tag.${quoted(name.slice(4))}` : name);

export async function complete(place: Place, editing: Pick<Editing, 'fields' | 'values'>, row: number): Promise<Completion[]> {
  switch (place.what) {
    case 'field':
      return [
        ...editing.fields().filter((f) => f.name !== 'tag.KEY').map((f): Completion => ({ label: named(f.name), detail: f.label, info: f.meaning, apply: `${named(f.name)} `, type: 'variable' })),
        { label: 'NOT', apply: 'NOT ', type: 'keyword', boost: -50 },
      ];
    case 'operator': {
      const kind = editing.fields().find((f) => f.name.toLowerCase() === place.field.toLowerCase().replace(/^tag\."(.*)"$/, 'tag.$1'))?.kind ?? 'text';
      const plain = kind === 'yes_no' ? ['= yes', '= no'] : kind === 'text' || kind === 'enum' ? TEXT_OPERATORS : ORDER_OPERATORS;
      return plain.map((label, i): Completion => ({ label, apply: /yes|no$|empty/.test(label) ? `${label} ` : label.endsWith('in') ? `${label} (` : `${label} `, type: 'operator', boost: -i }));
    }
    case 'value': {
      const name = place.field.replace(/^tag\."(.*)"$/i, 'tag.$1');
      const field = editing.fields().find((f) => f.name.toLowerCase() === name.toLowerCase());
      if (field?.kind === 'date') return ['7d ago', '30d ago', '90d ago'].map((label): Completion => ({ label }));
      const known = await editing.values(field?.name ?? name, place.begun, row);
      const rest = (field?.words ?? []).map((w) => w.word).filter((w) => !known.some((v) => v.value.toLowerCase() === w.toLowerCase()));
      return [
        ...known.map((v, i): Completion => ({ label: v.value, detail: count(v.count), apply: `${written(v.value)} `, boost: 99 - Math.min(99, i) })),
        ...rest.map((label): Completion => ({ label, detail: '0', apply: `${written(label)} `, boost: -60 })),
      ];
    }
    case 'join':
      return ['AND', 'OR'].map((label): Completion => ({ label, apply: `${label} `, type: 'keyword' }));
  }
}

export function edit(parent: HTMLElement, editing: Editing): Editor {
  let silent = false;
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const line = context.state.doc.lineAt(context.pos);
    const place = placeIn(line.text.slice(0, context.pos - line.from));
    const from = line.from + place.from;
    // After a space words are offered only where something must follow.
    if (!context.explicit && from === context.pos && place.what === 'join') return null;
    if (!context.explicit && from === context.pos && place.what === 'field' && line.text.trim() === '') return null;
    const options = await complete(place, editing, line.number - 1);
    if (context.aborted || !options.length) return null;
    return { from, options, filter: place.what !== 'value', ...(place.what !== 'value' && { validFor: /^[\w.]*$/ }) };
  };
  const text = (view: EditorView) => view.state.doc.toString();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: editing.text,
      extensions: [
        history(),
        drawSelection(),
        language,
        syntaxHighlighting(colours),
        theme,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': editing.label, spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off' }),
        placeholder('country = DE AND rage_clicks > 0'),
        autocompletion({ override: [source], icons: false, activateOnTyping: true, maxRenderedOptions: 60 }),
        Prec.high(
          keymap.of([
            { key: 'Tab', run: acceptCompletion },
            { key: 'Shift-Enter', run: (v) => (v.dispatch(v.state.replaceSelection('\n'), { scrollIntoView: true }), true) },
            {
              key: 'Enter',
              run: (v) => {
                if (completionStatus(v.state) === 'active') return acceptCompletion(v);
                editing.enter(text(v));
                return true;
              },
            },
            {
              key: 'Escape',
              run: (v) => {
                if (completionStatus(v.state) === 'active') return false;
                editing.leave();
                return true;
              },
            },
          ]),
        ),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !silent) editing.typed(update.state.doc.toString());
        }),
        // Keys of the list stay out of the text.
        EditorView.domEventHandlers({ keydown: (event) => void (event.key !== 'F6' && event.stopPropagation()) }),
      ],
    }),
  });
  return {
    focus(line) {
      view.focus();
      const at = line > 0 && line <= view.state.doc.lines ? view.state.doc.line(line).to : view.state.doc.length;
      view.dispatch({ selection: { anchor: at } });
    },
    focused: () => view.hasFocus,
    set(to) {
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: to } });
      silent = false;
    },
    mark(wrong) {
      const { doc } = view.state;
      const found = wrong.flatMap(({ row, problems }): Diagnostic[] => {
        if (row >= doc.lines) return [];
        const line = doc.line(row + 1);
        // Rust counts characters, without the blanks before them; the editor counts UTF-16 units.
        const lead = line.text.length - line.text.trimStart().length;
        const letters = [...line.text.trim()];
        const unit = (n: number) => line.from + lead + letters.slice(0, n).join('').length;
        return problems.map(({ column, length, message }) => {
          const from = Math.min(unit(column - 1), line.to);
          const to = Math.max(from, Math.min(unit(column - 1 + length), line.to));
          // At the end there is no letter to underline but the last one.
          return { from: to > from ? from : Math.max(line.from, from - 1), to: Math.max(to, from), severity: 'error', message };
        });
      });
      view.dispatch(setDiagnostics(view.state, found));
    },
    close: () => view.destroy(),
  };
}

