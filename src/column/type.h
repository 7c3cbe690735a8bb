/* type.h -- Spark SQL's data types (org.apache.spark.sql.types), read-only, compared by structure. */
#ifndef SP_COLUMN_TYPE_H
#define SP_COLUMN_TYPE_H

#include "base/base.h"

/* The order of the numeric kinds is their promotion order. */
typedef enum sp_kind {
    SP_VOID,            /* NullType */
    SP_BOOLEAN,         /* 1 byte a value, 0 or 1 */
    SP_BYTE, SP_SHORT, SP_INT, SP_LONG,  /* 1, 2, 4, 8 bytes */
    SP_FLOAT, SP_DOUBLE,
    SP_DECIMAL,         /* __int128 unscaled value, whatever the precision */
    SP_STRING, SP_BINARY,  /* sp_view */
    SP_DATE,            /* int32 days since 1970-01-01 (proleptic Gregorian) */
    SP_TIMESTAMP,       /* int64 microseconds since the epoch, UTC */
    SP_TIMESTAMP_NTZ,   /* int64 microseconds of local time */
    SP_TIME,            /* int64 nanoseconds of the day; precision 0..6 */
    SP_YEAR_MONTH,      /* YearMonthIntervalType: int32 months; start/end field */
    SP_DAY_TIME,        /* DayTimeIntervalType: int64 microseconds; start/end field */
    SP_CALENDAR,        /* CalendarIntervalType: sp_calendar */
    SP_ARRAY, SP_MAP, SP_STRUCT,
    SP_VARIANT,         /* struct of two views: value, metadata (as SP_STRUCT with 2 binary children) */
    SP_KIND_COUNT
} sp_kind;

typedef struct sp_type sp_type;
typedef struct sp_field {
    sp_str name;
    const sp_type *type;
    bool nullable;
    sp_str metadata;     /* JSON object text, or {NULL, 0} for {} */
} sp_field;

/* ARRAY: fields[0] "element"; MAP: fields[0] "key", fields[1] "value" (nullable = containsNull); STRUCT: its fields. */
struct sp_type {
    sp_kind kind;
    uint8_t precision, scale;     /* DECIMAL (TIME: precision) */
    uint8_t start_field, end_field;  /* YEAR_MONTH: 0 year 1 month; DAY_TIME: 0 day 1 hour 2 minute 3 second */
    int field_count;
    const sp_field *fields;
    sp_str collation;             /* STRING: {NULL,0} = UTF8_BINARY */
    int length;                   /* STRING: char(n)/varchar(n) as written in DDL, else 0; is_char tells which */
    bool is_char;
};

/* The types without parameters; sp_type_of(SP_DECIMAL) is decimal(10,0), YEAR_MONTH and DAY_TIME the widest. Never
 * NULL but for nested kinds. */
const sp_type *sp_type_of(sp_kind kind);
const sp_type *sp_type_decimal(sp_arena *a, int precision, int scale, sp_error *err);
const sp_type *sp_type_array(sp_arena *a, const sp_type *element, bool contains_null, sp_error *err);
const sp_type *sp_type_map(sp_arena *a, const sp_type *key, const sp_type *value, bool contains_null, sp_error *err);
/* fields are copied (shallow). */
const sp_type *sp_type_struct(sp_arena *a, const sp_field *fields, int count, sp_error *err);
const sp_type *sp_type_interval(sp_arena *a, sp_kind kind, int start_field, int end_field, sp_error *err);
const sp_type *sp_type_copy(sp_arena *a, const sp_type *t, sp_error *err);   /* deep: outlives its first arena */

bool sp_type_eq(const sp_type *a, const sp_type *b);              /* names, nullability and all; metadata apart */
/* sameType: nullability and field names' metadata apart */
bool sp_type_same(const sp_type *a, const sp_type *b);
static inline bool sp_kind_is_integral(sp_kind k) { return k >= SP_BYTE && k <= SP_LONG; }
static inline bool sp_kind_is_fractional(sp_kind k) { return k == SP_FLOAT || k == SP_DOUBLE || k == SP_DECIMAL; }
static inline bool sp_kind_is_numeric(sp_kind k) { return k >= SP_BYTE && k <= SP_DECIMAL; }
static inline bool sp_kind_is_nested(sp_kind k) { return k == SP_ARRAY || k == SP_MAP || k == SP_STRUCT; }
/* Bytes of one value in a vector's data; 0 for VOID, STRUCT, VARIANT. (ARRAY and MAP: sp_list) */
size_t sp_kind_width(sp_kind k);
bool sp_type_is_orderable(const sp_type *t);                      /* false when a map is inside */
/* Field index by name; case_sensitive false as Spark's default. -1: none, -2: more than one. */
int sp_type_find(const sp_type *struct_type, sp_str name, bool case_sensitive);

/* Spark's spellings, appended to out: simpleString ("struct<a:int>", catalogString untruncated), sql ("STRUCT<a:
 * INT>", upper case, as errors quote it), json ("{\"type\":\"struct\",...}" in the order type,
 * fields[name,type,nullable,metadata]), ddl ("a INT,b STRING NOT NULL"). */
void sp_type_simple(sp_buf *out, const sp_type *t);
void sp_type_sql(sp_buf *out, const sp_type *t);
void sp_type_json(sp_buf *out, const sp_type *t);
void sp_type_ddl(sp_buf *out, const sp_type *struct_type);
void sp_type_tree(sp_buf *out, const sp_type *struct_type, int max_level);   /* printSchema; max_level 0 = all */
/* arena-made texts of the same, for error parameters: "\"INT\"" with the quotes. Never NULL ("" when out of memory). */
const char *sp_type_sql_quoted(sp_arena *a, const sp_type *t);

/* DataType.fromJson, and DDL: one type ("array<int>") or a table schema ("a INT NOT NULL, b STRING COMMENT 'x'" ->
 * struct). sp_type_parse takes any of the three, as Connect's schema strings may be. ParseException as Spark gives
 * it. */
sp_status sp_type_from_json(sp_arena *a, sp_str json, const sp_type **out, sp_error *err);
sp_status sp_type_from_ddl(sp_arena *a, sp_str ddl, const sp_type **out, sp_error *err);         /* a type */
sp_status sp_type_schema_from_ddl(sp_arena *a, sp_str ddl, const sp_type **out, sp_error *err);  /* a struct */
sp_status sp_type_parse(sp_arena *a, sp_str text, const sp_type **out, sp_error *err);

#endif
