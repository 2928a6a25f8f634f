import { numberOf } from './demo-catalog.js';
import type { DemoProduct } from './demo.products.js';

const PALETTES = [
  ['#f4ede4', '#c8643c', '#2f3b3a'],
  ['#e8eef0', '#3f6f7c', '#1f2d33'],
  ['#f3efe0', '#b8902f', '#3a3423'],
  ['#eaf0e6', '#5d7f52', '#26331f'],
  ['#f1e9ee', '#8c5a7a', '#33222d'],
  ['#ececf2', '#575f8f', '#22253a'],
] as const;

/** One silhouette per category, on a canvas of 600 × 600. */
const SHAPES: Record<string, (body: string, line: string) => string> = {
  bags: (body, line) =>
    `<path d="M215 250c0-120 170-120 170 0" fill="none" stroke="${line}" stroke-width="14"/><path d="M160 250h280l24 230H136z" fill="${body}"/>`,
  kitchen: (body, line) =>
    `<circle cx="270" cy="320" r="130" fill="${body}"/><circle cx="270" cy="320" r="100" fill="none" stroke="${line}" stroke-width="6"/><rect x="385" y="300" width="150" height="38" rx="19" fill="${line}"/>`,
  table: (body, line) =>
    `<path d="M150 280h300c0 120-60 190-150 190S150 400 150 280z" fill="${body}"/><ellipse cx="300" cy="280" rx="150" ry="34" fill="${line}"/>`,
  textiles: (body, line) =>
    `<path d="M150 180h300v250c-50 30-100-20-150 0s-100 30-150 0z" fill="${body}"/><path d="M150 240h300M150 300h300M150 360h300" stroke="${line}" stroke-width="6"/>`,
  lighting: (body, line) =>
    `<path d="M300 90v110" stroke="${line}" stroke-width="8"/><path d="M180 360c0-110 50-170 120-170s120 60 120 170z" fill="${body}"/><circle cx="300" cy="380" r="34" fill="${line}"/>`,
  clothing: (body, line) =>
    `<path d="M225 170l-105 70 45 80 45-25v185h180V295l45 25 45-80-105-70c-20 40-130 40-150 0z" fill="${body}"/><path d="M225 170c20 40 130 40 150 0" fill="none" stroke="${line}" stroke-width="10"/>`,
  desk: (body, line) =>
    `<rect x="180" y="140" width="250" height="330" rx="14" fill="${body}"/><path d="M220 140v330" stroke="${line}" stroke-width="10"/><path d="M260 220h120M260 270h120M260 320h80" stroke="${line}" stroke-width="6"/>`,
  garden: (body, line) =>
    `<path d="M200 330h200l-30 150H230z" fill="${body}"/><path d="M300 330c0-90-90-90-110-160 90 0 110 70 110 160zm0 0c0-70 70-80 100-130 0 80-40 130-100 130z" fill="${line}"/>`,
  pantry: (body, line) =>
    `<rect x="195" y="200" width="210" height="280" rx="28" fill="${body}"/><rect x="210" y="150" width="180" height="50" rx="10" fill="${line}"/><rect x="225" y="290" width="150" height="90" fill="${line}" opacity=".25"/>`,
};

/** A picture of a demo product: the same every time, so that its ETag never changes. */
export function drawPicture({ handle, title, category }: DemoProduct): string {
  const [paper, body, line] = PALETTES[numberOf(handle) % PALETTES.length] ?? PALETTES[0];
  const shape = SHAPES[category]?.(body, line) ?? `<circle cx="300" cy="300" r="150" fill="${body}"/>`;
  const turn = (numberOf(`${handle}!`) % 9) - 4;
  const name = title.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 600" role="img"><title>${name}</title><rect width="600" height="600" fill="${paper}"/><ellipse cx="300" cy="492" rx="190" ry="22" fill="${line}" opacity=".12"/><g transform="rotate(${turn} 300 320)">${shape}</g><text x="300" y="560" text-anchor="middle" font-family="Georgia,serif" font-size="26" fill="${line}">${name}</text></svg>`;
}
