/* What is drawn over the page: trail, rings, fingers. It belongs to the parent; nothing of it is in the frame. */
import type { Pointer, Spot } from './pointer';

export type Place = (spot: Spot) => { x: number; y: number } | null;

export interface Palette {
  accent: string;
  edge: string;
}

/** Draws one moment, and says whether there was anything to draw. Colours are `#rrggbb`. */
export function draw(
  context: CanvasRenderingContext2D,
  pointer: Pointer,
  time: number,
  scale: number,
  ratio: number,
  place: Place,
  palette: Palette,
): boolean {
  const { canvas } = context;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.lineCap = 'round';
  context.lineJoin = 'round';

  const way: { x: number; y: number; fresh: number }[] = [];
  for (const point of pointer.trail(time)) {
    const at = place(point);
    const last = way.at(-1);
    if (!at) continue;
    if (last && Math.hypot(at.x * scale - last.x, at.y * scale - last.y) < 0.5) last.fresh = point.fresh;
    else way.push({ x: at.x * scale, y: at.y * scale, fresh: point.fresh });
  }
  if (way.length > 1) {
    ribbon(context, way, 5, palette.edge, 0.5);
    ribbon(context, way, 3, palette.accent, 0.9);
  }

  let drew = way.length > 1;
  for (const ring of pointer.rings(time)) {
    const at = place(ring);
    if (!at) continue;
    drew = true;
    const rounds = ring.kind === 'double' ? 2 : 1;
    for (let n = 0; n < rounds; n++) {
      const radius = 5 + 19 * easeOut(ring.age) + n * 7;
      context.globalAlpha = 1 - ring.age;
      context.setLineDash(ring.kind === 'context' ? [4, 4] : []);
      for (const [colour, width] of [[palette.edge, 4], [palette.accent, 2]] as const) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.beginPath();
        context.arc(at.x * scale, at.y * scale, radius, 0, Math.PI * 2);
        context.stroke();
      }
    }
    context.setLineDash([]);
    context.globalAlpha = 0.45 * (1 - ring.age);
    context.fillStyle = palette.accent;
    context.beginPath();
    context.arc(at.x * scale, at.y * scale, 5, 0, Math.PI * 2);
    context.fill();
  }

  const finger = pointer.finger(time);
  const at = finger && place(finger);
  if (at) {
    context.globalAlpha = 0.35;
    context.fillStyle = palette.accent;
    context.beginPath();
    context.arc(at.x * scale, at.y * scale, 13, 0, Math.PI * 2);
    context.fill();
    context.globalAlpha = 0.9;
    context.strokeStyle = palette.edge;
    context.lineWidth = 2;
    context.stroke();
  }
  context.globalAlpha = 1;
  return drew || !!at;
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
