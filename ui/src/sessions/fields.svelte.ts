/* The fields of the filter language, and the groups in which people look for them. */
import { call, type FilterField as Field } from '../bridge';

/** In the order of the panel. A field that stands nowhere is listed under the last one. */
export const GROUPS: readonly (readonly [name: string, fields: readonly string[]])[] = [
  ['Session', ['start', 'duration', 'active_duration', 'page_count', 'click_count', 'day', 'hour', 'user_type', 'user']],
  ['Page', ['entry_page', 'exit_page', 'page', 'title', 'scroll_depth', 'page_duration', 'hidden_duration']],
  ['Device', ['device', 'browser', 'os', 'viewport_width', 'language']],
  ['Place', ['country', 'state', 'city']],
  ['Traffic', ['channel', 'referrer', 'utm.source', 'utm.medium', 'utm.campaign', 'utm.term', 'utm.content', 'has_utm', 'std.source', 'std.medium', 'std.campaign']],
  ['Behaviour', ['event', 'clicked_text', 'entered_text', 'selected_text', 'resized', 'audience', 'consent']],
  ['Frustration', ['frustration', 'rage_clicks', 'dead_clicks', 'error_clicks', 'quick_backs', 'excessive_scrolls', 'js_errors', 'js_error', 'click_error']],
  ['Performance', ['lcp', 'inp', 'cls']],
  ['Product', ['product_name', 'product_brand', 'product_availability', 'product_price', 'product_rating', 'product_ratings']],
  ['Review', ['watched', 'favorite', 'rating', 'label', 'note']],
  ['Custom', ['custom_user', 'custom_session']],
  ['Recording', ['source', 'format_version', 'completeness', 'masked', 'project']],
];

export interface Group {
  name: string;
  fields: Field[];
}

/** Fields by group; tags come under Custom. */
export function grouped(fields: readonly Field[]): Group[] {
  const by = new Map(fields.map((f) => [f.name, f]));
  const out = GROUPS.map(([name, names]) => ({ name, fields: names.flatMap((n) => by.get(n) ?? []) }));
  const placed = new Set(GROUPS.flatMap(([, names]) => names));
  const custom = out.find((g) => g.name === 'Custom');
  for (const field of fields) {
    if (placed.has(field.name) || field.name === 'tag.KEY') continue;
    (field.name.startsWith('tag.') ? custom : out.at(-1))?.fields.push(field);
  }
  return out.filter((g) => g.fields.length);
}

class Fields {
  all = $state.raw<readonly Field[]>([]);
  #by = $derived(new Map(this.all.map((f) => [f.name.toLowerCase(), f])));
  groups = $derived(grouped(this.all));

  async load(): Promise<void> {
    try {
      this.all = await call('fields');
    } catch {
      // The list says what is wrong with the project; without fields there is only the text.
      this.all = [];
    }
  }

  /** The field of that name; any tag has the kind of tags. */
  get(name: string): Field | undefined {
    const found = this.#by.get(name.toLowerCase());
    if (found || !/^tag\./i.test(name)) return found;
    const tag = this.#by.get('tag.key');
    return tag && { ...tag, name, label: name.slice(4) };
  }
}

export const fields = new Fields();
