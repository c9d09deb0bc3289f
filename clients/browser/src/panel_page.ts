import { expect, type Locator, type Page } from "@playwright/test";
import { english, type Messages } from "../../admin/src/i18n/en.ts";
import { PASSWORD } from "./server.ts";

export type PanelWords = Messages["otvet"];

/** The managers' panel, as a manager sees it. */
export class PanelPage {
  readonly articles: Locator;
  readonly composer: Locator;

  constructor(
    readonly page: Page,
    readonly t: PanelWords = english.otvet,
  ) {
    this.articles = page.getByRole("log").getByRole("article");
    this.composer = page.locator("#composer");
  }

  async signIn(email: string): Promise<void> {
    await this.page.locator("input[name=email]").fill(email);
    await this.page.locator("input[name=password]").fill(PASSWORD);
    await this.page.getByRole("button", { name: this.t.login.submit }).click();
    await expect(this.page.getByRole("navigation", { name: this.t.nav.label })).toBeVisible();
  }

  /** The row of a conversation in the list that is shown. */
  row(text: string): Locator {
    return this.page.locator("[data-conversation]").filter({ hasText: text });
  }

  async open(text: string): Promise<void> {
    await this.row(text).click();
    await expect(this.page.getByRole("log")).toBeVisible();
  }

  async tab(name: keyof Omit<PanelWords["tabs"], "label">): Promise<void> {
    await this.page.getByRole("tab", { name: new RegExp(`^${this.t.tabs[name]}`) }).click();
  }

  async act(name: string): Promise<void> {
    await this.actions.getByRole("button", { name, exact: true }).click();
  }

  /** An action that stands in the menu behind the dots. */
  async actInMenu(name: string): Promise<void> {
    await this.actions.getByRole("button", { name: this.t.actions.more }).click();
    await this.page.getByRole("menuitem", { name }).click();
  }

  async send(body: string): Promise<void> {
    await this.composer.fill(body);
    await this.composer.press("Enter");
  }

  async note(body: string): Promise<void> {
    await this.page.getByRole("button", { name: this.t.composer.note, exact: true }).click();
    await this.send(body);
    await this.page.getByRole("button", { name: this.t.composer.reply, exact: true }).click();
  }

  /** Everything that was said and noted, in order, and nothing twice. */
  async expectMessages(bodies: string[]): Promise<void> {
    await expect(this.articles).toContainText(bodies);
  }

  get actions(): Locator {
    return this.page.getByRole("group", { name: this.t.actions.label });
  }

  get connectionBanner(): Locator {
    return this.page.getByText(this.t.connection.banner);
  }
}
