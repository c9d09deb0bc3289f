package chat.otvet.android.protocol;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.core.MessageFormat;

/** Trees as MessagePack: maps with text keys, integers as short as they go. */
public final class MessagePack {
  /** The server refuses what is nested deeper, and so does this side. */
  private static final int MAX_DEPTH = 128;

  private MessagePack() {}

  public static byte[] encode(Map<String, Object> tree) {
    try (MessageBufferPacker packer = org.msgpack.core.MessagePack.newDefaultBufferPacker()) {
      pack(packer, tree);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException("a buffer in memory takes what it is given", e);
    }
  }

  @SuppressWarnings("unchecked")
  public static Map<String, Object> decode(byte[] bytes) throws MalformedFrameException {
    try (MessageUnpacker unpacker = org.msgpack.core.MessagePack.newDefaultUnpacker(bytes)) {
      Object value = unpack(unpacker, 0);
      if (unpacker.hasNext()) throw new MalformedFrameException("bytes behind the object");
      if (!(value instanceof Map)) throw new MalformedFrameException("a frame is an object");
      return (Map<String, Object>) value;
    } catch (IOException | MessagePackException e) {
      throw new MalformedFrameException("no MessagePack", e);
    }
  }

  private static void pack(MessageBufferPacker packer, Object value) throws IOException {
    if (value == null) {
      packer.packNil();
    } else if (value instanceof String) {
      packer.packString((String) value);
    } else if (value instanceof Long || value instanceof Integer) {
      packer.packLong(((Number) value).longValue());
    } else if (value instanceof Boolean) {
      packer.packBoolean((Boolean) value);
    } else if (value instanceof Double) {
      packer.packDouble((Double) value);
    } else if (value instanceof Map) {
      Map<?, ?> map = (Map<?, ?>) value;
      packer.packMapHeader(map.size());
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        packer.packString((String) entry.getKey());
        pack(packer, entry.getValue());
      }
    } else if (value instanceof List) {
      List<?> list = (List<?>) value;
      packer.packArrayHeader(list.size());
      for (Object item : list) pack(packer, item);
    } else {
      throw new IllegalArgumentException("a tree holds no " + value.getClass());
    }
  }

  private static Object unpack(MessageUnpacker unpacker, int depth) throws IOException, MalformedFrameException {
    if (depth > MAX_DEPTH) throw new MalformedFrameException("nested too deep");
    MessageFormat format = unpacker.getNextFormat();
    switch (format.getValueType()) {
      case NIL:
        unpacker.unpackNil();
        return null;
      case BOOLEAN:
        return unpacker.unpackBoolean();
      case INTEGER:
        return unpacker.unpackLong();
      case FLOAT:
        return unpacker.unpackDouble();
      case STRING:
        return unpacker.unpackString();
      case ARRAY:
        return list(unpacker, depth);
      case MAP:
        return map(unpacker, depth);
      default:
        throw new MalformedFrameException("the contract has no " + format);
    }
  }

  private static List<Object> list(MessageUnpacker unpacker, int depth) throws IOException, MalformedFrameException {
    int size = unpacker.unpackArrayHeader();
    // The size is only claimed so far: room is taken as items really come.
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) list.add(unpack(unpacker, depth + 1));
    return list;
  }

  private static Map<String, Object> map(MessageUnpacker unpacker, int depth) throws IOException, MalformedFrameException {
    int size = unpacker.unpackMapHeader();
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      String key = unpacker.unpackString();
      map.put(key, unpack(unpacker, depth + 1));
    }
    return map;
  }
}
