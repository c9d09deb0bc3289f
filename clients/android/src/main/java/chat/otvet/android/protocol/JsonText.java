package chat.otvet.android.protocol;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONTokener;

/** Trees as JSON text: REST, and the encoding of a WebSocket that has no other. */
public final class JsonText {
  private JsonText() {}

  public static String encode(Map<String, Object> tree) {
    return toJson(tree).toString();
  }

  public static Map<String, Object> decode(String text) throws MalformedFrameException {
    try {
      JSONTokener tokener = new JSONTokener(text);
      Object value = tokener.nextValue();
      if (tokener.nextClean() != 0) throw new MalformedFrameException("text behind the object");
      if (!(value instanceof JSONObject)) throw new MalformedFrameException("a frame is an object");
      return object((JSONObject) value);
    } catch (JSONException e) {
      throw new MalformedFrameException("no JSON", e);
    }
  }

  private static Object toJson(Object value) {
    if (value == null) return JSONObject.NULL;
    if (value instanceof Map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) copy.put((String) entry.getKey(), toJson(entry.getValue()));
      return new JSONObject(copy);
    }
    if (value instanceof List) {
      JSONArray array = new JSONArray();
      for (Object item : (List<?>) value) array.put(toJson(item));
      return array;
    }
    return value;
  }

  private static Map<String, Object> object(JSONObject json) throws JSONException {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Iterator<String> names = json.keys(); names.hasNext(); ) {
      String name = names.next();
      map.put(name, value(json.get(name)));
    }
    return map;
  }

  private static Object value(Object json) throws JSONException {
    if (json == JSONObject.NULL) return null;
    if (json instanceof JSONObject) return object((JSONObject) json);
    if (json instanceof JSONArray) {
      JSONArray array = (JSONArray) json;
      List<Object> list = new ArrayList<>(array.length());
      for (int i = 0; i < array.length(); i++) list.add(value(array.get(i)));
      return list;
    }
    return json instanceof Integer ? Long.valueOf((Integer) json) : json;
  }
}
