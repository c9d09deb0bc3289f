/** The sign of Otvet: a speech bubble with a tick. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path fill="#0f766e" d="M9 3h14a6 6 0 0 1 6 6v9a6 6 0 0 1-6 6h-8l-6.3 4.9A1.05 1.05 0 0 1 7 28.1v-4.4A6 6 0 0 1 3 18V9a6 6 0 0 1 6-6z" />
      <path fill="none" stroke="#fff" strokeWidth="2.600" strokeLinecap="round" strokeLinejoin="round" d="m10.500 13.800 3.700 3.700 7.300-7.600" />
    </svg>
  );
}
