/* Text functions, encodings, digests: the answers recorded from Spark in the conformance suite, and edges. */
#include "cases.inc"

TEST(text)
{
    static const expr_case cases[] = {
        { "replace('aaa', 'a', 'b')", "bbb" }, { "replace('abc', '', 'x')", "abc" },
        { "translate('abcba', 'ab', 'x')", "xcx" }, { "lpad('7', 3, '0')", "007" },
        { "rpad('abc', 2, '-')", "ab" }, { "lpad('é', 4, 'xy')", "xyxé" }, { "repeat('ab', 3)", "ababab" },
        { "repeat('ab', -1)", "" }, { "reverse('abc')", "cba" },
        { "reverse('aé')", "éa" }, { "reverse(array(1, 2))", "[2, 1]" }, { "concat(space(3), '|')", "   |" },
        { "overlay('SparkSQL', '_', 6)", "Spark_QL" },
        { "overlay('Spark SQL', 'ANSI ', 7, 0)", "Spark ANSI SQL" }, { "ascii('A')", "65" }, { "chr(65)", "A" },
        { "elt(2, 'a', 'b')", "b" },
        { "elt(5, 'a')", "!INVALID_ARRAY_INDEX" }, { "levenshtein('kitten', 'sitting')", "3" },
        { "levenshtein('kitten', 'sitting', 2)", "-1" },
        { "soundex('Robert')", "R163" }, { "soundex('Ashcraft')", "A261" }, { "mask('Ab1-')", "Xxn-" },
        { "luhn_check('4111111111111111')", "true" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(encodings)
{
    static const expr_case cases[] = {
        { "base64(cast('hi', 'binary'))", "aGk=" }, { "cast(unbase64('aGk='), 'string')", "hi" }, { "hex(255)", "FF" },
        { "hex('ab')", "6162" }, { "cast(unhex('616'), 'string')", "\x06\x16" },
        { "md5('a')", "0cc175b9c0f1b6a831c399e269772661" },
        { "sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { "sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" },
        { "substring(sha2('abc', 512), 1, 16)", "ddaf35a193617aba" },
        { "substring(sha2('abc', 384), 1, 16)", "cb00753f45a35e8b" },
        { "substring(sha2('abc', 224), 1, 16)", "23097d223405d822" },
        { "md5('1234567890123456789012345678901234567890123456789012345678901234567890')",
            "689de1e396ad9c089ae2b9aaffd6faf7" }, { "crc32('a')", "3904355907" },
        { "hex(encode('a', 'utf-16be'))", "0061" }, { "encode('é', 'us-ascii')", "!MALFORMED_CHARACTER_CODING" },
        { "decode(encode('é', 'utf-16'), 'utf-16')", "é" },
        { "decode(2, 1, 'a', 2, 'b')", "b" }, { "cast(to_binary('616263', 'hex'), 'string')", "abc" },
        { "url_encode('a b&c')", "a+b%26c" }, { "url_decode('a%20b')", "a b" },
        { "parse_url('http://h.com/p?q=1#f', 'QUERY', 'q')", "1" },
        { "parse_url('http://u:p@h.com:80/p?q=1#f', 'HOST')", "h.com" },
        { "parse_url('http://h.com/p?q=1#f', 'FILE')", "/p?q=1" },
        { "parse_url('http://a b', 'HOST')", "!INVALID_URL" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}

TEST(formats)
{
    static const expr_case cases[] = {
        { "format_string('%05d|%s|%.2f', 42, 'x', 1.005D)", "00042|x|1.01" }, { "printf('%s', null)", "null" },
        { "printf('%,d %(d %+d', 1234567, -5, 3)", "1,234,567 (5) +3" },
        { "printf('%2$s %1$s|%-5s|%5S', 'a', 'b')", "b a|a    |    B" },
        { "printf('%x %X %o', 255, 255, 8)", "ff FF 10" }, { "printf('%e', 12345.678D)", "1.234568e+04" },
        { "printf('%d', 'x')", "!d != org.apache.spark.unsafe.types.UTF8String" },
        { "printf('%s')", "!Format specifier '%s'" },
        { "format_number(1234567.891, 2)", "1,234,567.89" }, { "format_number(12332.123456D, 4)", "12,332.1235" },
        { "format_number(0.125D, 2)", "0.12" },
        { "format_number(12332.123456, '##################.###')", "12332.123" },
        { "to_number('12,345.6', '99,999.9')", "12345.6" }, { "to_number('$78.12', '$99.99')", "78.12" },
        { "to_number('-5', 'S9')", "-5" }, { "to_number('x', '9')", "!INVALID_FORMAT.MISMATCH_INPUT" },
        { "try_to_number('x', '9')", "NULL" }, { NULL, NULL }
    };
    check_cases(cases, NULL);
}
