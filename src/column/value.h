/* value.h -- one value with its type: literals, defaults, statistics. Nested values are one-row vectors. */
#ifndef SP_COLUMN_VALUE_H
#define SP_COLUMN_VALUE_H

#include "column/vec.h"

struct sp_zone;

typedef struct sp_value {
    const sp_type *type;
    bool is_null;
    union {
        bool boolean;
        int64_t i64;            /* BYTE..LONG, DATE, TIMESTAMP(_NTZ), TIME, YEAR_MONTH, DAY_TIME */
        double f64;             /* FLOAT, DOUBLE */
        __int128 decimal;
        sp_str str;             /* STRING, BINARY */
        sp_calendar calendar;
        const sp_vec *vec;      /* ARRAY, MAP, STRUCT, VARIANT: row 0 of a FLAT vector of this type */
    };
} sp_value;

static inline sp_value sp_value_null(const sp_type *t)
{
    sp_value v;
    memset(&v, 0, sizeof v);
    v.type = t;
    v.is_null = true;
    return v;
}
sp_value sp_value_i64(sp_kind kind, int64_t i);
sp_value sp_value_f64(double d);
sp_value sp_value_bool(bool b);
sp_value sp_value_str(sp_str s);
/* Row `row` of a vector of any form; strings borrowed. Nested: a one-row gather in a. */
sp_status sp_value_at(const sp_vec *v, uint32_t row, sp_arena *a, sp_value *out, sp_error *err);
/* CONST vector of the value. */
sp_vec *sp_value_vec(const sp_value *v, uint32_t rows, sp_arena *a, sp_error *err);
sp_status sp_value_copy(const sp_value *v, sp_arena *a, sp_value *out, sp_error *err);
bool sp_value_eq(const sp_value *a, const sp_value *b);
/* Literal.sql, as error messages quote a value (toSQLValue): 'abc', 1, 1L, 1.5D, 1.50BD, DATE '2024-01-01', X'4865',
 * ARRAY(1, 2), NULL. Inside nested values a null is CAST(NULL AS INT) and a float CAST(1.5 AS FLOAT), as in Spark. */
void sp_value_sql(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone);
/* Literal.toString, as plans show it: abc, 1, 1.5, 2024-01-01, 0x4865, [1,2], NULL. */
void sp_value_text(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone);
/* toPrettySQL, as column names show it: strings and numbers as sp_value_text, NULL, all else as sp_value_sql. */
void sp_value_pretty(sp_buf *out, const sp_value *v, const struct sp_zone *session_zone);

/* The text of a row's value as Spark's cast to string / ToPrettyString (show, console, CSV) gives it; appended to out.
 * pretty: NULL in capitals, binary as [48 65], as Dataset.show prints; else cast-to-string's rules ("null" inside
 * nested values). */
sp_status sp_vec_text(sp_buf *out, const sp_vec *v, uint32_t row, bool pretty, const struct sp_zone *session_zone,
                      sp_error *err);

#endif
