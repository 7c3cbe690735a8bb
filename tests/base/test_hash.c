/* test_hash.c -- hashes against values of Spark's documentation and of the xxHash and Murmur3 specifications. */
#include "base/base.h"
#include "test.h"

TEST(spark_hash_function)
{
    /* SELECT hash('Spark', array(123), 2), from Spark's documentation of hash */
    uint32_t h = sp_murmur3_bytes("Spark", 5, 42);
    h = sp_murmur3_int(123, h);
    h = sp_murmur3_int(2, h);
    CHECK_INT((int32_t)h, -1321691492);
    /* SELECT xxhash64('Spark', array(123), 2), from Spark's documentation of xxhash64 */
    uint64_t x = sp_xxhash64("Spark", 5, 42);
    x = sp_xxhash64_int(123, x);
    x = sp_xxhash64_int(2, x);
    CHECK_INT((int64_t)x, 5602566077635097486);
}

TEST(murmur3)
{
    /* whole words: the same as standard Murmur3_x86_32 */
    CHECK_INT(sp_murmur3_bytes("", 0, 0), 0);
    CHECK_INT(sp_murmur3_bytes("", 0, 1), 0x514e28b7);
    CHECK_INT(sp_murmur3_bytes("\xff\xff\xff\xff", 4, 0), 0x76293b50);
    CHECK_INT(sp_murmur3_bytes("test", 4, 0), 0xba6bd213);
    CHECK_INT(sp_murmur3_int(-1, 0), 0x76293b50);
    /* int and long are the same as their little-endian bytes */
    int64_t v = 0x123456789abcdef0;
    CHECK_INT(sp_murmur3_long(v, 42), sp_murmur3_bytes(&v, 8, 42));
    int32_t i = -77;
    CHECK_INT(sp_murmur3_int(i, 42), sp_murmur3_bytes(&i, 4, 42));
    /* hash(0), hash(1L) in Spark: 933211791, -1712319331 */
    CHECK_INT((int32_t)sp_murmur3_int(0, 42), 933211791);
    CHECK_INT((int32_t)sp_murmur3_long(1, 42), -1712319331);
}

TEST(xxhash)
{
    CHECK_INT(sp_xxhash32("", 0, 0), 0x02cc5d05);
    CHECK_INT(sp_xxhash32("", 0, 0x9e3779b1), 0x36b78ae7);
    CHECK_INT(sp_xxhash32("abc", 3, 0), 0x32d153ff);
    CHECK_INT(sp_xxhash32("Nobody inspects the spammish repetition", 39, 0), 0xe2293b2f);
    CHECK_INT((int64_t)sp_xxhash64("", 0, 0), (int64_t)0xef46db3751d8e999);
    CHECK_INT((int64_t)sp_xxhash64("abc", 3, 0), (int64_t)0x44bc2cf5ad770999);
    CHECK_INT((int64_t)sp_xxhash64("Nobody inspects the spammish repetition", 39, 0), (int64_t)0xfbcea83c8a378bf1);
    int64_t v = -5;
    CHECK_INT((int64_t)sp_xxhash64_long(v, 42), (int64_t)sp_xxhash64(&v, 8, 42));
}

TEST(table_hash_sees_every_byte)
{
    char text[100] = { 0 };
    for (size_t n = 1; n <= sizeof text; n++) {
        uint64_t plain = sp_hash_bytes(text, n);
        CHECK(n == 1 || plain != sp_hash_bytes(text, n - 1));
        for (size_t i = 0; i < n; i++) {
            text[i] = 1;
            CHECK(sp_hash_bytes(text, n) != plain);
            text[i] = 0;
        }
    }
}

TEST(table_hash_spreads)
{
    /* consecutive keys into 1024 slots by low bits: no slot gets much more than its share of 16 */
    static int slots[1024];
    int most = 0;
    for (uint64_t i = 0; i < 16384; i++) {
        int *slot = &slots[sp_hash_bytes(&i, sizeof i) & 1023];
        if (++*slot > most)
            most = *slot;
    }
    CHECK(most < 45);
}

TEST(pmod)
{
    CHECK_INT(sp_pmod(-1, 4), 3);
    CHECK_INT(sp_pmod(-4, 4), 0);
    CHECK_INT(sp_pmod(7, 4), 3);
    CHECK_INT(sp_pmod(INT32_MIN, 200), 152);
}
