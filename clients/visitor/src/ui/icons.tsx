import type { JSX } from "preact";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  send: "M5 12l14-7-5 14-2.5-5.5L5 12z",
  clock: "M12 7v5l3 2M12 21a9 9 0 100-18 9 9 0 000 18z",
  check: "M5 13l4 4L19 7",
  checks: "M2 13l4 4L15 7M11 16l1 1L22 7",
  alert: "M12 8v5M12 16.5v.5M12 3l9.5 17h-19L12 3z",
  down: "M6 9l6 6 6-6",
  user: "M12 12a4 4 0 100-8 4 4 0 000 8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  devices: "M3 5h12v9H3zM1.500 18H14M17 9h5v10h-5z",
  done: "M12 21a9 9 0 100-18 9 9 0 000 18zM8 12.500l3 3 5.500-6",
  reopen: "M4 12a8 8 0 108-8c-2.500 0-4.600 1-6 2.800M5 3v4h4",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  swap: "M4 9h13l-3-3M20 15H7l3 3",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing that takes the text's colour. It says nothing to a screen reader: the words beside it do. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of the house: a question's bubble with an answer's in it. */
export function Mark({ size = 40 }: { size?: number }): JSX.Element {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <path class="mark-question" d="M28 6c13.300 0 24 9.400 24 21s-10.700 21-24 21c-2.500 0-4.900-.3-7.200-1L9 52l3.300-9.800C7.100 38.400 4 33 4 27 4 15.400 14.700 6 28 6z" />
      <path class="mark-answer" d="M42 24c9.900 0 18 7 18 15.700 0 4.700-2.400 8.900-6.100 11.700L56 59l-8.500-4c-1.700.4-3.600.6-5.500.6-9.900 0-18-7-18-15.800S32.100 24 42 24z" />
      <path class="mark-dots" d="M35 40h.01M42 40h.01M49 40h.01" />
    </svg>
  );
}
