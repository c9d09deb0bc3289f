import type { Page } from "@playwright/test";
import { Api } from "../src/api.ts";
import { PASSWORD, type Server } from "../src/server.ts";
import type { Story } from "./story.ts";

/** The moment of every picture, so that they stay the same from one making to the next. */
export const MOMENT = Date.parse("2026-11-20T14:40:00");
const MINUTE = 60_000;

/** Cyrillic letters in e-mail addresses. */
const LATIN: Record<string, string> = Object.fromEntries(
  "а a б b в v г g д d е e ё e ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ sch ы y э e ю yu я ya"
    .split(" ")
    .flatMap((letter, index, all) => (index % 2 === 0 ? [[letter, all[index + 1] ?? ""]] : [])),
);

/** A story told to a server: who is in it, and how its seconds become the story's hours and days. */
export class Telling {
  readonly #spoken: { from: number; storyTime: number }[] = [];

  emailOf(name: string): string {
    const latin = name.toLowerCase().replace(/[а-яё]/g, (letter) => LATIN[letter] ?? "");
    return `${latin.replace(/[^a-z]+/g, ".")}@example.com`;
  }

  async tell(server: Server, { steps, managers, visitor }: Story): Promise<void> {
    for (const name of managers) await server.addPerson(this.emailOf(name), name, "admin");
    const people = new Map<string, Api>();
    for (const name of new Set(steps.map(({ who }) => who))) {
      if (managers.includes(name)) people.set(name, await Api.login(server.origin, this.emailOf(name), PASSWORD));
      else if (name === visitor) people.set(name, await Api.register(server.origin, name, this.emailOf(name), PASSWORD));
      else people.set(name, await Api.guest(server.origin, name));
    }
    const conversations = new Map<string, string>();
    for (const step of steps) {
      this.#spoken.push({ from: Date.now(), storyTime: MOMENT - step.ago * MINUTE });
      const person = people.get(step.who);
      if (!person) throw new Error(`${step.who} is not in the story.`);
      if (step.does === "ask") {
        conversations.set(step.where, await person.ask(step.says ?? step.where, step.where));
        continue;
      }
      const conversation = conversations.get(step.where);
      if (!conversation) throw new Error(`Nobody asked "${step.where}".`);
      if (step.does === "say") await person.say(conversation, step.says ?? "");
      else if (step.does === "note") await person.note(conversation, step.says ?? "");
      else await person.act(conversation, step.does);
      await this.#read(person, conversation);
    }
  }

  /** Makes a page live at the moment of the picture, and see the story's times. Takes effect with the next load. */
  async show(page: Page): Promise<void> {
    await page.clock.setFixedTime(MOMENT);
    await page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => socket.send(typeof frame === "string" ? this.#retime(frame) : frame));
    });
    await page.route("**/api/v1/**", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: this.#retime(await response.text()) });
    });
  }

  async #read(person: Api, conversation: string): Promise<void> {
    const last = (await person.events(conversation)).at(-1)?.seq;
    if (last !== undefined) await person.act(conversation, "read", { seq: last });
  }

  #retime(text: string): string {
    return text.replace(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, (_, at: string) => {
      const time = Date.parse(at);
      const step = this.#spoken.findLast(({ from }) => from <= time + 1);
      return JSON.stringify(new Date(step ? step.storyTime : MOMENT).toISOString());
    });
  }
}
