/** Length of the tone, seconds. */
const TONE_S = 0.35;
/** The two notes of the tone, Hz: a rising fourth. */
const NOTES_HZ = [660, 880];

let context: AudioContext | undefined;

/** A short, soft tone, made on the spot: no file to load. Silent until the user has touched the page, as browsers demand. */
export function playChime(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  const start = context.currentTime;
  NOTES_HZ.forEach((frequency, index) => playNote(context as AudioContext, frequency, start + (index * TONE_S) / 2));
}

function playNote(audio: AudioContext, frequency: number, at: number): void {
  const tone = new OscillatorNode(audio, { type: "sine", frequency });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + TONE_S);
}
