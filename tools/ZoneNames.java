// Prints src/column/pattern_zone_names.inc: the zone names that the JDK (17) prints and reads for pattern letters z and v in Locale.US.
//   java tools/ZoneNames.java > src/column/pattern_zone_names.inc
import java.text.DateFormatSymbols;
import java.time.*;
import java.time.chrono.IsoChronology;
import java.time.format.*;
import java.time.temporal.TemporalQueries;
import java.util.*;

public class ZoneNames {
    static DateTimeFormatter formatter(String pattern) {
        return new DateTimeFormatterBuilder().parseCaseInsensitive().appendPattern(pattern).toFormatter(Locale.US)
            .withChronology(IsoChronology.INSTANCE).withResolverStyle(ResolverStyle.STRICT);
    }

    static String quote(String s) { return s == null ? "NULL" : "\"" + s + "\""; }

    // What the formatter prints, "" for the zone's id, null when there is no such moment.
    static String print(DateTimeFormatter f, Instant at, ZoneId zone) {
        if (at == null) return null;
        String s = f.format(at.atZone(zone));
        return s.equals(zone.getId()) ? "" : s;
    }

    static String read(DateTimeFormatter f, String text) {
        try {
            return f.parse(text).query(TemporalQueries.zoneId()).getId();
        } catch (DateTimeException e) {
            return null;
        }
    }

    static void section(String name, Collection<String> cells) {
        System.out.println("#ifdef " + name);
        StringBuilder line = new StringBuilder();
        for (String cell : cells) {
            String row = name + "(" + cell + ")";
            if (row.length() > 120) row = row.substring(0, row.lastIndexOf(", \"", 115) + 1) + "\n      "
                + row.substring(row.lastIndexOf(", \"", 115) + 1);
            if (line.length() + row.length() + 1 > 120) {
                System.out.println(line.toString().trim());
                line.setLength(0);
            }
            line.append(row).append(' ');
        }
        System.out.println(line.toString().trim());
        System.out.println("#undef " + name);
        System.out.println("#endif");
    }

    public static void main(String[] args) {
        DateTimeFormatter z = formatter("z"), zzzz = formatter("zzzz"), v = formatter("v"), vvvv = formatter("vvvv");
        TreeSet<String> ids = new TreeSet<>(String.CASE_INSENSITIVE_ORDER), texts = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        for (String id : ZoneId.getAvailableZoneIds()) if (!id.startsWith("SystemV/")) ids.add(id);
        LinkedHashMap<String, Integer> rows = new LinkedHashMap<>();
        List<String> idRows = new ArrayList<>();
        for (String id : ids) {
            ZoneId zone = ZoneId.of(id);
            Instant winter = null, summer = null;
            for (long t = 1700000000L; t > -3000000000L && (winter == null || summer == null); t -= 86400 * 20) {
                Instant at = Instant.ofEpochSecond(t);
                if (!zone.getRules().isDaylightSavings(at)) winter = winter == null ? at : winter;
                else summer = summer == null ? at : summer;
            }
            String[] names = { print(z, winter, zone), print(z, summer, zone), print(v, winter, zone), print(zzzz, winter, zone),
                               print(zzzz, summer, zone), print(vvvv, winter, zone) };
            StringBuilder row = new StringBuilder();
            for (String name : names) {
                row.append(row.length() == 0 ? "" : ", ").append(quote(name));
                if (name != null && !name.isEmpty()) texts.add(name);
            }
            rows.putIfAbsent(row.toString(), rows.size());
            idRows.add(quote(id) + ", " + rows.get(row.toString()));
        }
        for (String[] row : DateFormatSymbols.getInstance(Locale.US).getZoneStrings())
            for (int i = 1; i < row.length; i++) if (row[i] != null && !row[i].isEmpty()) texts.add(row[i]);
        List<String> textRows = new ArrayList<>();
        for (String text : texts) {
            String ofShort = read(z, text), ofFull = read(zzzz, text);
            if (ofShort != null || ofFull != null) textRows.add(quote(text) + ", " + quote(ofShort) + ", " + quote(ofFull));
        }
        System.out.println("/* pattern_zone_names.inc -- names of time zones in Locale.US, as JDK 17 has them out of CLDR; by tools/ZoneNames.java.");
        System.out.println(" * NAMES: z in winter, in summer, v, zzzz in winter, in summer, vvvv (\"\": the id; NULL: never). ID: region, its NAMES.");
        System.out.println(" * TEXT: what a text means for z and v, for zzzz and vvvv. IDs and texts are sorted, whatever their case. */");
        section("NAMES", rows.keySet());
        section("ID", idRows);
        section("TEXT", textRows);
    }
}
