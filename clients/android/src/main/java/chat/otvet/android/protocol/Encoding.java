package chat.otvet.android.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** How frames are written on a socket. The app offers both and prefers the first. */
public enum Encoding {
  MESSAGE_PACK("otvet.v1.msgpack", true) {
    @Override
    public byte[] encode(Map<String, Object> frame) {
      return MessagePack.encode(frame);
    }

    @Override
    public Map<String, Object> decode(byte[] payload) throws MalformedFrameException {
      return MessagePack.decode(payload);
    }
  },
  JSON("otvet.v1.json", false) {
    @Override
    public byte[] encode(Map<String, Object> frame) {
      return JsonText.encode(frame).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Map<String, Object> decode(byte[] payload) throws MalformedFrameException {
      return JsonText.decode(new String(payload, StandardCharsets.UTF_8));
    }
  };

  /** The name in {@code Sec-WebSocket-Protocol}. */
  public final String subprotocol;
  /** Whether it travels in binary frames. */
  public final boolean binary;

  Encoding(String subprotocol, boolean binary) {
    this.subprotocol = subprotocol;
    this.binary = binary;
  }

  public abstract byte[] encode(Map<String, Object> frame);

  public abstract Map<String, Object> decode(byte[] payload) throws MalformedFrameException;

  /** The one that the server chose; without a choice it speaks JSON. */
  public static Encoding of(String subprotocol) {
    return MESSAGE_PACK.subprotocol.equals(subprotocol) ? MESSAGE_PACK : JSON;
  }
}
