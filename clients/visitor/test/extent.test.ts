import { describe, expect, it } from "vitest";
import { extent, tail } from "../src/thread/extent.js";

const TEN_THOUSAND = Array.from({ length: 10_000 }, (_, index) => 20 + (index % 7) * 10);
const TOTAL = TEN_THOUSAND.reduce((sum, height) => sum + height, 0);

describe("the drawn part of a thread", () => {
  it("covers what is asked for, and its spacers stand for exactly the rest", () => {
    for (const top of [-500, 0, 1, 19, 20, 12_345, TOTAL - 700, TOTAL]) {
      const { start, end, above, below } = extent(TEN_THOUSAND, top, top + 700);
      const drawn = TEN_THOUSAND.slice(start, end).reduce((sum, height) => sum + height, 0);
      expect(above + drawn + below).toBe(TOTAL);
      expect(above).toBeLessThanOrEqual(Math.max(0, top));
      expect(above + drawn).toBeGreaterThanOrEqual(Math.min(TOTAL, top + 700));
      expect(end - start).toBeLessThan(60);
    }
  });

  it("ends with the newest row when that is to be seen", () => {
    const { end, below, start } = tail(TEN_THOUSAND, 700);
    expect(end).toBe(10_000);
    expect(below).toBe(0);
    expect(start).toBeGreaterThan(9_900);
  });

  it("is empty without rows", () => {
    expect(tail([], 700)).toEqual({ start: 0, end: 0, above: 0, below: 0 });
  });
});
