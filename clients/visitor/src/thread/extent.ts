/** Which rows are drawn: from `start` up to, not including, `end`. */
export interface Extent {
  start: number;
  end: number;
  /** Pixels that stand for the rows above and below. */
  above: number;
  below: number;
}

/** Pixels of a row that has not been measured yet. */
export const ESTIMATED_HEIGHT = 56;

/** The rows that meet the part from `top` to `bottom`, in pixels from the first row. */
export function extent(heights: readonly number[], top: number, bottom: number): Extent {
  let start = 0;
  let above = 0;
  while (start < heights.length && above + (heights[start] ?? 0) <= top) above += heights[start++] ?? 0;
  let end = start;
  let drawn = above;
  while (end < heights.length && drawn < bottom) drawn += heights[end++] ?? 0;
  let below = 0;
  for (let index = end; index < heights.length; index++) below += heights[index] ?? 0;
  return { start, end, above, below };
}

/** The part to draw when the newest row is to be seen. */
export function tail(heights: readonly number[], height: number): Extent {
  const total = heights.reduce((sum, each) => sum + each, 0);
  return extent(heights, total - height, total + 1);
}
