package chat.otvet.android.server;

import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.rules.ExternalResource;

/** The real server as a process of its own, with a database of its own. Only ever signals the process that it started. */
public final class OtvetServer extends ExternalResource {
  public static final String PASSWORD = "correct horse battery";
  private static final long START_PATIENCE_MS = 30_000;

  private Path folder;
  private Path output;
  private int port;
  private Process process;

  @Override
  protected void before() throws Throwable {
    folder = Files.createTempDirectory("otvet-android-");
    output = folder.resolve("server.log");
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = probe.getLocalPort();
    }
    run();
  }

  @Override
  protected void after() {
    kill();
    try (var files = Files.walk(folder)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public int port() {
    return port;
  }

  public String origin() {
    return "http://127.0.0.1:" + port;
  }

  /** Starts the process, again after {@link #kill}, on the same port and database. Returns when it serves. */
  public void run() throws IOException, InterruptedException {
    process = builder("serve").redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile())).start();
    long end = System.currentTimeMillis() + START_PATIENCE_MS;
    while (!isReady()) {
      if (!process.isAlive() || System.currentTimeMillis() > end) throw new AssertionError("the server does not serve:\n" + Files.readString(output));
      Thread.sleep(20);
    }
  }

  /** kill -9: nothing is said, nothing is flushed. */
  public void kill() {
    if (process == null) return;
    process.destroyForcibly();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) throw new AssertionError("the server outlives SIGKILL");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process = null;
  }

  /** Makes an account by the command line, as an operator would. */
  public void addPerson(String email, String name, String role) throws IOException, InterruptedException {
    Process command = builder("user", "add", "--name", name, "--role", role, email).redirectErrorStream(true).start();
    try (OutputStream input = command.getOutputStream()) {
      input.write((PASSWORD + "\n").getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (command.waitFor() != 0) throw new AssertionError(said);
  }

  private ProcessBuilder builder(String... arguments) {
    Path binary = Path.of(System.getenv().getOrDefault("OTVET_BIN", System.getProperty("otvet.bin"))).toAbsolutePath().normalize();
    if (!Files.isExecutable(binary)) throw new AssertionError("no server at " + binary + ": build it first, or name it in OTVET_BIN");
    List<String> line = new java.util.ArrayList<>(List.of(binary.toString()));
    line.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile());
    builder.environment().putAll(Map.of(
        "OTVET_SERVER__LISTEN", "127.0.0.1:" + port,
        "OTVET_SERVER__METRICS_LISTEN", "127.0.0.1:0",
        "OTVET_DATABASE__URL", "sqlite://" + folder.resolve("otvet.db") + "?mode=rwc",
        "OTVET_ADMIN_EMAIL", "admin@example.com",
        "OTVET_ADMIN_PASSWORD", PASSWORD,
        "OTVET_IDENTITY__BCRYPT_COST", "4",
        // Tests make more people than anybody would from one address.
        "OTVET_IDENTITY__GUESTS_PER_ADDRESS_PER_MINUTE", "100000",
        "OTVET_IDENTITY__REGISTRATIONS_PER_ADDRESS_PER_MINUTE", "100000"));
    return builder;
  }

  private boolean isReady() {
    try {
      HttpURLConnection connection = (HttpURLConnection) URI.create(origin() + "/readyz").toURL().openConnection();
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }
}
