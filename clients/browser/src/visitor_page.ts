import { expect, type Locator, type Page } from "@playwright/test";
import { en } from "../../visitor/src/i18n/en.ts";
import { PASSWORD } from "./server.ts";

export type VisitorWords = typeof en;

/** The visitor's page, as somebody who uses it sees it. */
export class VisitorPage {
  readonly bodies: Locator;
  readonly composer: Locator;

  constructor(
    readonly page: Page,
    readonly t: VisitorWords = en,
  ) {
    this.bodies = page.locator(".message .body");
    this.composer = page.getByRole("textbox", { name: t.message, exact: true });
  }

  async continueAsGuest(name: string): Promise<void> {
    await this.page.getByLabel(this.t.guestName).fill(name);
    await this.page.getByRole("button", { name: this.t.continueAsGuest }).click();
    await expect(this.questionField).toBeVisible();
  }

  async signIn(email: string): Promise<void> {
    await this.page.getByRole("button", { name: this.t.signIn }).first().click();
    await this.page.getByLabel(this.t.email).fill(email);
    await this.page.getByLabel(this.t.password).fill(PASSWORD);
    await this.page.locator("form").getByRole("button", { name: this.t.signIn }).click();
    await expect(this.list).toBeVisible();
  }

  async register(name: string, email: string): Promise<void> {
    await this.page.getByRole("button", { name: this.t.register }).first().click();
    await this.page.getByLabel(this.t.name, { exact: true }).fill(name);
    await this.page.getByLabel(this.t.email).fill(email);
    await this.page.getByLabel(this.t.password).fill(PASSWORD);
    await this.page.locator("form").getByRole("button", { name: this.t.register }).click();
    await expect(this.list).toBeVisible();
  }

  async ask(body: string, subject = ""): Promise<void> {
    if (!(await this.questionField.isVisible())) await this.page.getByRole("button", { name: this.t.newQuestion }).click();
    if (subject) await this.page.getByLabel(this.t.subject).fill(subject);
    await this.questionField.fill(body);
    await this.page.getByRole("button", { name: this.t.ask, exact: true }).click();
  }

  async open(title: string): Promise<void> {
    await this.entry(title).click();
    await expect(this.composer).toBeVisible();
  }

  async send(body: string): Promise<void> {
    await this.composer.fill(body);
    await this.composer.press("Enter");
  }

  /** Everything that was said, word for word, in order, and nothing twice. */
  async expectMessages(bodies: string[]): Promise<void> {
    await expect(this.bodies).toHaveText(bodies);
  }

  /** Whether all that was written here has reached the server. */
  async expectNothingUnsent(): Promise<void> {
    await expect(this.page.locator(".delivery.is-queued, .delivery.is-sending, .delivery.is-refused, .unsent")).toHaveCount(0);
  }

  entry(title: string): Locator {
    return this.page.getByRole("navigation").getByRole("button").filter({ hasText: title });
  }

  get list(): Locator {
    return this.page.getByRole("navigation", { name: this.t.conversations });
  }

  get questionField(): Locator {
    return this.page.getByLabel(this.t.yourQuestion);
  }

  get offlineBanner(): Locator {
    return this.page.locator(".banner").filter({ hasText: this.t.offline });
  }
}
