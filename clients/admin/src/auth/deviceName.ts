/** A name by which a manager recognises this browser among their devices: "Chrome, Linux". */
export function deviceNameOf(userAgent: string): string {
  const browser = first(userAgent, [
    [/\bEdg\//, "Edge"], [/\bOPR\//, "Opera"], [/\bYaBrowser\//, "Yandex"], [/\bFirefox\//, "Firefox"],
    [/\bChrome\//, "Chrome"], [/\bSafari\//, "Safari"],
  ]);
  const system = first(userAgent, [
    [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"],
  ]);
  return [browser ?? "Browser", system].filter((part) => part !== undefined).join(", ");
}

function first(text: string, names: readonly (readonly [RegExp, string])[]): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}
