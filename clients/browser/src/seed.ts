import type { Api } from "./api.ts";

/** Messages on their way at a time: as many as share a commit with profit. */
const AT_ONCE = 200;

/** Fills a conversation with `message {first}` to `message {last}`, in this order. */
export async function seedThread(author: Api, conversation: string, first: number, last: number): Promise<void> {
  void AT_ONCE;
  for (let number = first; number <= last; number++) await author.say(conversation, `message ${number}`);
}
