import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { serverPath } from "./parts.ts";

/** Of the accounts that the tests make. */
export const PASSWORD = "correct horse battery";
export const ADMIN_EMAIL = "admin@example.com";
/** Milliseconds that the server may take to be ready. */
const START_PATIENCE = 20_000;

/** The real server, alone with a database of its own in a folder of its own. */
export class Server {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;
  #output = "";

  private constructor(
    readonly origin: string,
    folder: string,
    settings: Record<string, string>,
  ) {
    this.#folder = folder;
    this.#environment = {
      ...process.env,
      OTVET_SERVER__LISTEN: origin.replace("http://", ""),
      OTVET_SERVER__METRICS_LISTEN: "127.0.0.1:0",
      OTVET_DATABASE__URL: `sqlite://${join(folder, "otvet.db")}?mode=rwc`,
      OTVET_ADMIN_EMAIL: ADMIN_EMAIL,
      OTVET_ADMIN_PASSWORD: PASSWORD,
      OTVET_IDENTITY__BCRYPT_COST: "4",
      // Tests make more people than anybody would from one address.
      OTVET_IDENTITY__GUESTS_PER_ADDRESS_PER_MINUTE: "100000",
      OTVET_IDENTITY__REGISTRATIONS_PER_ADDRESS_PER_MINUTE: "100000",
      ...settings,
    };
  }

  /** Starts one with these settings in its environment. */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(`http://127.0.0.1:${await freePort()}`, await mkdtemp(join(tmpdir(), "otvet-browser-")), settings);
    await server.run();
    return server;
  }

  /** Path of the database file. */
  get database(): string {
    return join(this.#folder, "otvet.db");
  }

  /** Starts the process, again after `kill` or `stop`, on the same address and database. Resolves when it serves. */
  async run(): Promise<void> {
    this.#output = "";
    const child = spawn(serverPath(), ["serve"], { cwd: this.#folder, env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    child.stdout.on("data", (text: Buffer) => (this.#output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (this.#output += text.toString()));
    const end = Date.now() + START_PATIENCE;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`The server does not serve:\n${this.#output}`);
      await pause(20);
    }
  }

  /** kill -9: nothing is said, nothing is flushed. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Makes an account by the command line, as an operator would. */
  async addPerson(email: string, name: string, role: "visitor" | "manager" | "admin"): Promise<void> {
    await this.command(["user", "add", "--name", name, "--role", role, email], `${PASSWORD}\n`);
  }

  /** Runs another command of the binary on the same database. */
  async command(args: string[], input = ""): Promise<void> {
    const child = spawn(serverPath(), args, { cwd: this.#folder, env: this.#environment, stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    child.stdin.end(input);
    const [status] = (await once(child, "close")) as [number];
    if (status !== 0) throw new Error(`otvet ${args.join(" ")} ended with ${status}:\n${said}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.origin}/readyz`)).ok;
    } catch {
      return false;
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
