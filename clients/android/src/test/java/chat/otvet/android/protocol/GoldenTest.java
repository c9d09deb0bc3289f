package chat.otvet.android.protocol;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;

/** The same sample frames as the server and the TypeScript SDK read, in both encodings. */
@RunWith(RobolectricTestRunner.class)
public class GoldenTest {
  private static final Path FOLDER = Path.of(System.getProperty("otvet.golden"));
  private static final String CONVERSATION = "0192f0c1-2345-7abc-8def-0123456789ab";

  @Test
  public void bothEncodingsOfEachFrameSayTheSame() throws Exception {
    List<String> names = names("");
    assertTrue("golden frames are in " + FOLDER, names.size() > 40);
    for (String name : names) {
      Map<String, Object> json = JsonText.decode(json(name));
      byte[] packed = packed(name);
      assertEquals(name, json, MessagePack.decode(packed));
      assertArrayEquals(name + " is packed as the server packs it", packed, MessagePack.encode(json));
      assertEquals(name, json, JsonText.decode(JsonText.encode(json)));
    }
  }

  @Test
  public void everyFrameOfTheServerIsUnderstood() throws Exception {
    for (String name : names("server.")) {
      for (Encoding encoding : Encoding.values()) {
        byte[] payload = encoding.binary ? packed(name) : json(name).getBytes("UTF-8");
        assertNotNull(name + " in " + encoding, ServerFrame.read(encoding.decode(payload)));
      }
    }
  }

  @Test
  public void whatIsKeptOfAnEventIsTheWholeEvent() throws Exception {
    for (String name : names("server.event.")) {
      Map<String, Object> frame = MessagePack.decode(packed(name));
      Map<String, Object> kept = new LinkedHashMap<>(Event.read(new Tree(frame)).toTree());
      kept.put("type", "event");
      assertEquals(name, frame, kept);
    }
  }

  @Test
  public void commandsAreWrittenAsTheServerWritesThem() throws Exception {
    Map<String, Position> positions = new LinkedHashMap<>();
    positions.put("conversation/" + CONVERSATION, new Position("5f3a9c0d1e2b4a68", 17));
    positions.put("session/u7", new Position("c2d40b7f9918e6a1", 4));
    Map<String, Map<String, Object>> ours = new LinkedHashMap<>();
    ours.put("hello", Command.hello("7|kY3vQm0ZpT8rXw2nB6dLs9HfJc4GaUeR1iMo5VtD5f1c2a90", "android", positions).toTree(1L));
    ours.put("open", Command.open("7c0e1f0a-open-1", "Доставка заказа № 1042", "Здравствуйте! Когда привезут заказ № 1042?").toTree(2L));
    ours.put("send", Command.send(CONVERSATION, "7c0e1f0a-send-2", "И можно ли перенести на вечер? 🙏\nПосле 19:00 будет удобно.").toTree("m-3"));
    ours.put("resolve", Command.resolve(CONVERSATION).toTree(7L));
    ours.put("reopen", Command.reopen(CONVERSATION).toTree(8L));
    ours.put("read", Command.read(CONVERSATION, 17).toTree(10L));
    ours.put("delivered", Command.delivered(CONVERSATION, 18).toTree(11L));
    ours.put("history", Command.before(CONVERSATION, 120, 50).toTree(14L));
    ours.put("typing", Command.typing(CONVERSATION).toTree(null));
    ours.put("ping", Command.ping().toTree("часы-15"));
    for (Map.Entry<String, Map<String, Object>> command : ours.entrySet()) {
      String name = "client." + command.getKey();
      assertEquals(name, JsonText.decode(json(name)), JsonText.decode(JsonText.encode(command.getValue())));
      byte[] packed = Encoding.MESSAGE_PACK.encode(command.getValue());
      assertEquals(name, MessagePack.decode(packed(name)), MessagePack.decode(packed));
      assertEquals(name + " is as short", packed(name).length, packed.length);
    }
  }

  @Test
  public void whatTheContractMayAddIsPassedOver() throws Exception {
    assertNull(ServerFrame.read(JsonText.decode("{\"type\":\"confetti\",\"colour\":7.5}")));
    Map<String, Object> bye = JsonText.decode(json("server.bye"));
    bye.put("reason", List.of("weather"));
    assertTrue(ServerFrame.read(bye) instanceof ServerFrame.Bye);
  }

  @Test
  public void whatIsNoFrameIsRefused() {
    for (String text : List.of("", "7", "[]", "{\"type\":7}", "{}", "{\"type\":\"bye\"}", "{\"type\":\"bye\",\"retry_after_ms\":\"soon\"}", "{} {}")) {
      assertThrows(text, MalformedFrameException.class, () -> ServerFrame.read(JsonText.decode(text)));
    }
    for (String hex : List.of("", "07", "90", "8101", "81a474797065", "80c0", "81a474797065c4020000", "dfffffffff", "ddffffffff")) {
      assertThrows(hex, MalformedFrameException.class, () -> ServerFrame.read(MessagePack.decode(HexFormat.of().parseHex(hex))));
    }
    byte[] deep = new byte[200_000];
    java.util.Arrays.fill(deep, (byte) 0x91);
    assertThrows(MalformedFrameException.class, () -> MessagePack.decode(deep));
  }

  private static List<String> names(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      TreeSet<String> names = new TreeSet<>();
      files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith(prefix) && name.endsWith(".json"))
          .forEach(name -> names.add(name.substring(0, name.length() - ".json".length())));
      return new ArrayList<>(names);
    }
  }

  private static String json(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name + ".json"));
  }

  private static byte[] packed(String name) throws IOException {
    return HexFormat.of().parseHex(Files.readString(FOLDER.resolve(name + ".msgpack.hex")).replaceAll("\\s", ""));
  }
}
