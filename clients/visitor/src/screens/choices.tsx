import type { JSX } from "preact";
import type { Theme } from "../state/settings.js";
import { useFace } from "../ui/context.js";

/** Language and colours. */
export function Choices(): JSX.Element {
  const { settings, t } = useFace();
  return (
    <div class="choices">
      <Segments
        label={t.language} value={settings.language} onChange={(value) => void settings.choose(value).catch(() => undefined)}
        options={[["ru", "Русский"], ["en", "English"]]}
      />
      <Segments
        label={t.theme} value={settings.theme} onChange={(value: Theme) => (settings.theme = value)}
        options={[["auto", t.themeAuto], ["light", t.themeLight], ["dark", t.themeDark]]}
      />
    </div>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}

function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([option, text]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {text}
        </button>
      ))}
    </div>
  );
}
