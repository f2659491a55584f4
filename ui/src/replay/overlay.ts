/* What is drawn over the page: trail, rings, fingers, fields. It belongs to the parent; nothing of it is in the frame. */
import type { Verdict } from './evidence';
import type { Pointer, Ring, Spot } from './pointer';

export type Place = (spot: Spot) => { x: number; y: number } | null;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A field that was just filled. */
export interface Typed extends Box {
  text: string;
  /** 1 now, 0 when it is gone. */
  fresh: number;
}

export interface Scene {
  pointer: Pointer;
  /** Epoch ms. */
  time: number;
  /** Screen px for one px of the page. */
  scale: number;
  /** Device px for one screen px. */
  ratio: number;
  place: Place;
  verdict: (time: number) => { verdict: Verdict; nth: number } | undefined;
  typed: readonly Typed[];
  /** An element that is pointed out, with what it is called. */
  chosen: (Box & { name: string }) | null;
}

/** On the page, not on our chrome: the same colours in both themes, `#rrggbb`. */
const COLOUR = { plain: '#00786f', rage: '#cb1b2c', dead: '#a05a0c', error: '#972198', edge: '#ffffff', ink: '#1c1f1c' } as const;

/** Draws one moment, and says whether there was anything to draw. */
export function draw(context: CanvasRenderingContext2D, scene: Scene): boolean {
  const { canvas } = context;
  const { scale, ratio, time, pointer, place } = scene;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineCap = 'round';
  context.lineJoin = 'round';

  let drew = false;
  for (const typed of scene.typed) drew = field(context, typed, scale) || drew;
  drew = trail(context, pointer, time, scale, place) || drew;
  for (const each of pointer.rings(time)) {
    const at = place(each);
    if (!at) continue;
    drew = true;
    ring(context, each, at.x * scale, at.y * scale, scene.verdict(each.time));
  }
  const finger = pointer.finger(time);
  const at = finger && place(finger);
  if (at) {
    drew = true;
    context.globalAlpha = 0.35;
    context.fillStyle = COLOUR.plain;
    circle(context, at.x * scale, at.y * scale, 13);
    context.fill();
    context.globalAlpha = 0.9;
    context.strokeStyle = COLOUR.edge;
    context.lineWidth = 2;
    context.stroke();
  }
  if (scene.chosen) {
    drew = true;
    outline(context, scene.chosen, scale);
  }
  context.globalAlpha = 1;
  return drew;
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
}

function trail(context: CanvasRenderingContext2D, pointer: Pointer, time: number, scale: number, place: Place): boolean {
  const way: { x: number; y: number; fresh: number }[] = [];
  for (const point of pointer.trail(time)) {
    const at = place(point);
    const last = way.at(-1);
    if (!at) continue;
    if (last && Math.hypot(at.x * scale - last.x, at.y * scale - last.y) < 0.5) last.fresh = point.fresh;
    else way.push({ x: at.x * scale, y: at.y * scale, fresh: point.fresh });
  }
  if (way.length < 2) return false;
  ribbon(context, way, 5, COLOUR.edge, 0.5);
  ribbon(context, way, 3, COLOUR.plain, 0.9);
  return true;
}

/** Told apart by shape, not only by colour: rage has spikes, dead a bar, error a diamond. */
function ring(context: CanvasRenderingContext2D, ring: Ring, x: number, y: number, said: { verdict: Verdict; nth: number } | undefined): void {
  const colour = COLOUR[said?.verdict ?? 'plain'];
  const rounds = ring.kind === 'double' ? 2 : 1;
  const grown = 5 + 19 * easeOut(ring.age);
  const lines = (path: (radius: number) => void) => {
    for (let n = 0; n < rounds; n++) {
      for (const [stroke, width] of [[COLOUR.edge, 4.5], [colour, said ? 2.5 : 2]] as const) {
        context.strokeStyle = stroke;
        context.lineWidth = width;
        path(grown + n * 7);
        context.stroke();
      }
    }
  };
  // What went wrong stays readable for longer than what went right.
  context.globalAlpha = said ? Math.min(1, 2.2 * (1 - ring.age)) : 1 - ring.age;
  context.setLineDash(ring.kind === 'context' ? [4, 4] : []);
  if (said?.verdict === 'error') {
    lines((r) => {
      context.beginPath();
      context.moveTo(x, y - r);
      context.lineTo(x + r, y);
      context.lineTo(x, y + r);
      context.lineTo(x - r, y);
      context.closePath();
    });
  } else {
    lines((r) => circle(context, x, y, r));
  }
  context.setLineDash([]);
  if (said?.verdict === 'rage') {
    lines((r) => {
      context.beginPath();
      for (let i = 0; i < 10; i++) {
        const angle = (i / 10) * Math.PI * 2;
        context.moveTo(x + Math.cos(angle) * (r + 3), y + Math.sin(angle) * (r + 3));
        context.lineTo(x + Math.cos(angle) * (r + 8), y + Math.sin(angle) * (r + 8));
      }
    });
    if (said.nth > 1) badge(context, `× ${said.nth}`, x + 14, y - 24, colour);
  } else if (said?.verdict === 'dead') {
    lines(() => {
      context.beginPath();
      context.moveTo(x - 8, y);
      context.lineTo(x + 8, y);
    });
  } else {
    context.globalAlpha = 0.45 * (1 - ring.age);
    context.fillStyle = colour;
    circle(context, x, y, 5);
    context.fill();
  }
}

function badge(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string, ink: string = COLOUR.edge): void {
  context.font = '600 12px Inter, sans-serif';
  const width = context.measureText(text).width + 12;
  const room = context.canvas.width / context.getTransform().a;
  const left = Math.max(2, Math.min(room - width - 2, x));
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, Math.max(2, y), width, 18, 9);
  context.fill();
  context.fillStyle = ink;
  context.textBaseline = 'middle';
  context.fillText(text, left + 6, Math.max(2, y) + 9.5);
}

/** What was typed stands beside its field, not in it: there it is as small as the page is shown. */
function field(context: CanvasRenderingContext2D, typed: Typed, scale: number): boolean {
  if (typed.fresh <= 0) return false;
  const [x, y, width, height] = [typed.x * scale, typed.y * scale, typed.width * scale, typed.height * scale];
  context.globalAlpha = Math.min(1, typed.fresh * 2);
  for (const [stroke, line] of [[COLOUR.edge, 5], [COLOUR.plain, 2.5]] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.beginPath();
    context.roundRect(x - 3, y - 3, width + 6, height + 6, 5);
    context.stroke();
  }
  if (typed.text) badge(context, typed.text, x - 3, y > 26 ? y - 25 : y + height + 7, COLOUR.ink);
  return true;
}

function outline(context: CanvasRenderingContext2D, box: Box & { name: string }, scale: number): void {
  const [x, y, width, height] = [box.x * scale, box.y * scale, box.width * scale, box.height * scale];
  context.globalAlpha = 0.16;
  context.fillStyle = COLOUR.plain;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = COLOUR.plain;
  context.strokeRect(x, y, width, height);
  badge(context, box.name, x, y > 24 ? y - 21 : y + height + 3, COLOUR.plain);
}

/** One shape from nothing to its full width: strokes laid end to end would show their joints. */
function ribbon(
  context: CanvasRenderingContext2D,
  way: readonly { x: number; y: number; fresh: number }[],
  width: number,
  colour: string,
  alpha: number,
): void {
  const right: [number, number][] = [];
  context.beginPath();
  way.forEach((point, i) => {
    const before = way[Math.max(0, i - 1)] ?? point;
    const after = way[Math.min(way.length - 1, i + 1)] ?? point;
    const length = Math.hypot(after.x - before.x, after.y - before.y) || 1;
    const half = (width * Math.max(0.08, point.fresh)) / 2;
    const dx = (-(after.y - before.y) / length) * half;
    const dy = ((after.x - before.x) / length) * half;
    if (i === 0) context.moveTo(point.x + dx, point.y + dy);
    else context.lineTo(point.x + dx, point.y + dy);
    right.push([point.x - dx, point.y - dy]);
  });
  for (const [x, y] of right.reverse()) context.lineTo(x, y);
  context.closePath();
  const first = way[0] as { x: number; y: number };
  const last = way[way.length - 1] as { x: number; y: number };
  const fade = context.createLinearGradient(first.x, first.y, last.x, last.y);
  fade.addColorStop(0, `${colour}00`);
  fade.addColorStop(1, colour);
  context.globalAlpha = alpha;
  context.fillStyle = fade;
  context.fill();
}

const easeOut = (t: number) => 1 - (1 - t) * (1 - t);
