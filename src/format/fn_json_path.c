/* fn_json_path.c -- get_json_object, json_tuple, json_array_length, json_object_keys: functions that walk a text's
 * tokens.
 *
 * A path is $ and steps .name ['name'] [n] [*] .* ; blanks before a step do not count. Walking follows Hive, as Spark
 * does: a wildcard over an array gives an array of the matches, or the match itself when there is one; two wildcards
 * in a row flatten; a string that is the whole answer comes without quotes. Malformed text gives null.
 * Behaviour: JsonPathParser, GetJsonObject.evaluatePath, JsonTuple.parseRow, JsonExpressionUtils; their factory takes
 * single quotes and bare control characters. */
#include "format/fn_json_int.h"

enum { FEATURES = JF_SINGLE_QUOTES | JF_CONTROLS };

/* ---- paths ---- */

typedef enum step_kind { STEP_KEY, STEP_NAME, STEP_SUBSCRIPT, STEP_INDEX, STEP_WILDCARD, STEP_END } step_kind;
typedef struct step { step_kind kind; sp_str name; int64_t index; } step;

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
        p++;
    return p;
}

/* `word` at *p, blanks before it skipped. */
static bool take(const char **p, const char *end, const char *word)
{
    const char *q = skip_blanks(*p, end);
    size_t n = strlen(word);
    if ((size_t)(end - q) < n || memcmp(q, word, n) != 0)
        return false;
    *p = q + n;
    return true;
}

static bool take_until(const char **p, const char *end, const char *stops, sp_str *out)
{
    const char *q = skip_blanks(*p, end), *s = q;
    while (q < end && !strchr(stops, *q))
        q++;
    *out = (sp_str){ s, (size_t)(q - s) };
    *p = q;
    return q > s;
}

static bool take_index(const char **p, const char *end, int64_t *out)
{
    const char *q = skip_blanks(*p, end), *s = q;
    while (q < end && *q >= '0' && *q <= '9')
        q++;
    if (q == s || !sp_str_to_i64((sp_str){ s, (size_t)(q - s) }, out))
        return false;
    *p = q;
    return take(p, end, "]");
}

/* One step, as one or two entries; false: none. */
static bool parse_step(const char **p, const char *end, step *out, int *n)
{
    const char *q = *p;
    step *s = out + *n;
    if (take(&q, end, ".*") || take(&q, end, "['*']")) {
        s[0].kind = STEP_WILDCARD;
        *n += 1;
    } else if (take(&q, end, "['") ? take_until(&q, end, "'", &s[1].name) && take(&q, end, "']")
                                   : take(&q, end, ".") && take_until(&q, end, ".[", &s[1].name)) {
        s[0].kind = STEP_KEY;
        s[1].kind = STEP_NAME;
        *n += 2;
    } else {
        q = *p;
        if (!take(&q, end, "["))
            return false;
        s[0].kind = STEP_SUBSCRIPT;
        if (take(&q, end, "*")) {
            s[1].kind = STEP_WILDCARD;
            if (!take(&q, end, "]"))
                return false;
        } else {
            s[1].kind = STEP_INDEX;
            if (!take_index(&q, end, &s[1].index))
                return false;
        }
        *n += 2;
    }
    *p = q;
    return true;
}

/* *out NULL: not a path. */
static sp_status parse_path(sp_arena *a, sp_str text, const step **out, sp_error *err)
{
    const char *p = text.p, *end = text.p + text.n;
    step *steps;
    int n = 0;
    *out = NULL;
    SP_NEW_ARRAY(steps, a, 2 * text.n + 4, err);
    if (!take(&p, end, "$"))
        return SP_OK;
    while (skip_blanks(p, end) < end)
        if (!parse_step(&p, end, steps, &n))
            return SP_OK;
    steps[n].kind = STEP_END;
    *out = steps;
    return SP_OK;
}

/* ---- writing what matches ---- */

typedef enum style { RAW, QUOTED, FLATTEN } style;
typedef struct writer {
    sp_buf *out;
    int depth;                  /* arrays open */
    bool comma;                 /* before the next value */
} writer;

static void begin_value(writer *w)
{
    if (w->depth > 0 && w->comma)
        sp_buf_putc(w->out, ',');
    w->comma = true;
}

static void open_array(writer *w)
{
    begin_value(w);
    sp_buf_putc(w->out, '[');
    w->depth++;
    w->comma = false;
}

static void close_array(writer *w)
{
    sp_buf_putc(w->out, ']');
    w->depth--;
    w->comma = true;
}

typedef enum match { NO_MATCH, MATCH, MALFORMED } match;

static match walk(json_reader *r, writer *w, style st, const step *path);

static match skip_value(json_reader *r) { return sp_json_skip_children(r) ? NO_MATCH : MALFORMED; }

static match walk_object(json_reader *r, writer *w, style st, const step *path)
{
    match found = NO_MATCH;
    for (;;) {
        json_token t = sp_json_next(r);
        if (t == JT_OBJECT_END)
            return found;
        if (t == JT_ERROR || t == JT_END)
            return MALFORMED;
        /* after a match the other fields are passed */
        match m = found == MATCH ? skip_value(r) : walk(r, w, st, path);
        if (m == MALFORMED)
            return m;
        found = m == MATCH ? m : found;
    }
}

static match walk_elements(json_reader *r, writer *w, style st, const step *path, int *count)
{
    *count = 0;
    for (;;) {
        json_token t = sp_json_next(r);
        if (t == JT_ARRAY_END)
            return *count ? MATCH : NO_MATCH;
        if (t == JT_ERROR || t == JT_END)
            return MALFORMED;
        match m = walk(r, w, st, path);
        if (m == MALFORMED)
            return m;
        *count += m == MATCH;
    }
}

static match walk_index(json_reader *r, writer *w, style st, const step *path, int64_t index)
{
    for (;; index--) {
        json_token t = sp_json_next(r);
        if (t == JT_ERROR || t == JT_END)
            return MALFORMED;
        if (t == JT_ARRAY_END)
            return NO_MATCH;
        if (index == 0)
            break;
        if (skip_value(r) == MALFORMED)
            return MALFORMED;
    }
    match found = walk(r, w, st, path);
    while (found != MALFORMED) {
        json_token t = sp_json_next(r);
        if (t == JT_ARRAY_END)
            return found;
        if (t == JT_ERROR || t == JT_END || skip_value(r) == MALFORMED)
            return MALFORMED;
    }
    return found;
}

/* [*] that is not followed by another: the matches are gathered aside, for one alone comes without brackets. */
static match walk_wildcard(json_reader *r, writer *w, style st, const step *path)
{
    sp_buf aside = { 0 };
    writer inner = { &aside, 0, false };
    int count;
    open_array(&inner);
    match m = walk_elements(r, &inner, st == RAW ? QUOTED : FLATTEN, path, &count);
    close_array(&inner);
    if (m == MATCH) {
        begin_value(w);
        if (count > 1) sp_buf_add(w->out, aside.data, aside.len);
        else sp_buf_add(w->out, aside.data + 1, aside.len - 2);
    }
    w->out->failed |= aside.failed;
    sp_buf_done(&aside);
    return m;
}

static match walk_array(json_reader *r, writer *w, style st, const step *path)
{
    int count;
    if (path[1].kind == STEP_INDEX) {
        bool more = path[2].kind == STEP_SUBSCRIPT && path[3].kind == STEP_WILDCARD;
        return walk_index(r, w, more ? QUOTED : st, path + 2, path[1].index);
    }
    bool twice = path[2].kind == STEP_SUBSCRIPT && path[3].kind == STEP_WILDCARD;
    if (!twice && st != QUOTED)
        return walk_wildcard(r, w, st, path + 2);
    open_array(w);
    match m = walk_elements(r, w, twice ? FLATTEN : QUOTED, path + (twice ? 4 : 2), &count);
    close_array(w);
    return m;
}

static match walk_end(json_reader *r, writer *w, style st)
{
    int count;
    if (r->token == JT_STRING && st == RAW) {
        if (!sp_json_finish_string(r))
            return MALFORMED;
        sp_buf_add(w->out, r->text.p, r->text.n);
        return MATCH;
    }
    if (r->token == JT_ARRAY && st == FLATTEN)
        return walk_elements(r, w, st, &(step){ .kind = STEP_END }, &count);
    if (r->token == JT_NAME && sp_json_next(r) == JT_ERROR)
        return MALFORMED;
    begin_value(w);
    return sp_json_copy_structure(r, w->out) ? MATCH : MALFORMED;
}

static match walk(json_reader *r, writer *w, style st, const step *path)
{
    switch (path->kind) {
    case STEP_END: return walk_end(r, w, st);
    case STEP_KEY:
        if (r->token == JT_OBJECT)
            return walk_object(r, w, st, path + 1);
        break;
    case STEP_SUBSCRIPT:
        if (r->token == JT_ARRAY)
            return walk_array(r, w, st, path);
        break;
    case STEP_NAME:
        if (r->token != JT_NAME || !sp_str_eq(sp_json_current_name(r), path->name))
            break;
        switch (sp_json_next(r)) {
        case JT_ERROR: return MALFORMED;
        case JT_NULL: return NO_MATCH;
        default: return walk(r, w, st, path + 1);
        }
    case STEP_WILDCARD:
        if (r->token != JT_NAME)
            break;
        return sp_json_next(r) == JT_ERROR ? MALFORMED : walk(r, w, st, path + 1);
    default: break;
    }
    return skip_value(r);
}

/* ---- get_json_object ---- */

typedef struct path_state { bool constant; const step *steps; } path_state;

static sp_status want_strings(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++)
        SP_TRY(sp_bind_want(b, i, sp_type_of(SP_STRING), err));
    return SP_OK;
}

sp_status sp_json_bind_path(sp_bind *b, sp_error *err)
{
    path_state *s;
    SP_NEW(s, b->arena, sizeof *s, err);
    SP_TRY(want_strings(b, err));
    const sp_expr *e = b->call->args[1];
    if (e->foldable && e->type->kind == SP_STRING) {
        sp_value v;
        SP_TRY(sp_expr_fold(b->arena, b->conf, e, &v, err));
        s->constant = true;
        if (!v.is_null)
            SP_TRY(parse_path(b->arena, v.str, &s->steps, err));
    }
    b->state = s;
    b->type = sp_type_of(SP_STRING);
    return SP_OK;
}

static sp_status reader_init(sp_kernel *k, json_reader *r, sp_error *err)
{
    return sp_json_reader_init(r, k->arena, FEATURES, JSON_DEPTH_MAX, JSON_NUMBER_MAX, err);
}

static sp_status check_memory(const json_reader *r, sp_error *err)
{
    return r->no_memory ? sp_error_memory(err, "the text of a JSON value") : SP_OK;
}

static sp_status find_path(sp_kernel *k, json_reader *r, uint32_t row, sp_buf *text, sp_error *err)
{
    const path_state *s = k->call->state;
    const step *steps = s->steps;
    if (!s->constant)
        SP_TRY(parse_path(k->arena, sp_json_arg(k, 1, row), &steps, err));
    writer w = { text, 0, false };
    sp_json_reader_start(r, sp_json_arg(k, 0, row), k->arena);
    match m = NO_MATCH;
    if (steps && sp_json_next(r) != JT_ERROR && r->token != JT_END)
        m = walk(r, &w, RAW, steps);
    SP_TRY(check_memory(r, err));
    if (m == MATCH)
        return sp_json_put_text(k, row, text, err);
    sp_buf_clear(text);
    sp_kernel_null(k, row);
    return SP_OK;
}

sp_status sp_json_kernel_path(sp_kernel *k, sp_error *err)
{
    json_reader r;
    sp_buf text = { 0 };
    SP_TRY(reader_init(k, &r, err));
    sp_status status = SP_OK;
    for (SP_ROWS(k, i))
        if ((status = find_path(k, &r, i, &text, err)) != SP_OK)
            break;
    sp_buf_done(&text);
    return status;
}

/* ---- json_tuple ---- */

sp_status sp_json_bind_tuple(sp_bind *b, sp_error *err)
{
    for (int i = 0; i < b->arg_count; i++) {
        if (sp_bind_type(b, i)->kind == SP_VOID)
            b->want[i] = sp_type_of(SP_STRING);
        else if (sp_bind_type(b, i)->kind != SP_STRING)
            return SP_FAIL(err, DATATYPE_MISMATCH__NON_STRING_TYPE, "sqlExpr", sp_expr_sql_quoted(b->arena, b->call),
                           "funcName", "`json_tuple`");
    }
    sp_field *f;
    SP_NEW_ARRAY(f, b->arena, b->arg_count, err);
    for (int i = 0; i + 1 < b->arg_count; i++) {
        const char *name = sp_arena_printf(b->arena, err, "c%d", i);
        if (!name)
            return SP_FAILED;
        f[i] = (sp_field){ .name = sp_str_of(name), .type = sp_type_of(SP_STRING), .nullable = true };
    }
    const sp_type *row = sp_type_struct(b->arena, f, b->arg_count - 1, err);
    b->nullable = false;
    return row && (b->type = sp_type_array(b->arena, row, false, err)) ? SP_OK : SP_FAILED;
}

typedef struct tuple {
    sp_kernel *k;
    json_reader r;
    sp_vec *columns;            /* of the structs: a row each */
    sp_buf text;
} tuple;

static bool is_null(const sp_vec *v, uint32_t row) { return v->type->kind == SP_VOID || sp_vec_is_null(v, row); }

static sp_status put_field(tuple *x, int field, uint32_t row, sp_str s)
{
    ((sp_view *)x->columns->child[field]->data)[row] = sp_view_make(s.p, s.n);
    sp_bit_set(x->columns->child[field]->valid, row);
    return SP_OK;
}

/* The value behind the name that stands there, to every column that asks for it. */
static sp_status take_field(tuple *x, uint32_t row, bool *good, sp_error *err)
{
    sp_str name = sp_json_current_name(&x->r), value = { NULL, 0 };
    int wanted = -1;
    for (int i = 1; i < x->k->arg_count && wanted < 0; i++)
        if (!is_null(x->k->args[i], row) && sp_str_eq(sp_json_arg(x->k, i, row), name))
            wanted = i;
    if (wanted < 0)
        return SP_OK;
    json_token t = sp_json_next(&x->r);
    *good = t != JT_ERROR && t != JT_END;
    if (t == JT_NULL || !*good)
        return SP_OK;
    if (t == JT_STRING) {
        if (!(*good = sp_json_finish_string(&x->r)))
            return SP_OK;
        value = x->r.text;
    } else {
        sp_buf_clear(&x->text);
        if (!(*good = sp_json_copy_structure(&x->r, &x->text)))
            return SP_OK;
        SP_TRY(sp_buf_check(&x->text, err));
        value = (sp_str){ x->text.data, x->text.len };
    }
    if (t != JT_STRING && !(value = sp_str_copy(x->k->arena, value, err)).p)
        return SP_FAILED;
    for (int i = wanted; i < x->k->arg_count; i++)
        if (!is_null(x->k->args[i], row) && sp_str_eq(sp_json_arg(x->k, i, row), name))
            put_field(x, i - 1, row, value);
    return SP_OK;
}

static sp_status take_row(tuple *x, uint32_t row, sp_error *err)
{
    if (is_null(x->k->args[0], row))
        return SP_OK;
    sp_json_reader_start(&x->r, sp_json_arg(x->k, 0, row), x->k->arena);
    if (sp_json_next(&x->r) != JT_OBJECT)
        return SP_OK;
    bool good = true;
    while (good) {
        json_token t = sp_json_next(&x->r);
        if (t == JT_OBJECT_END)
            return SP_OK;
        good = t != JT_ERROR && t != JT_END;
        if (good && t == JT_NAME)
            SP_TRY(take_field(x, row, &good, err));
        good = good && sp_json_skip_children(&x->r);
    }
    for (int i = 0; i < x->columns->child_count; i++)       /* a malformed text gives nothing, whatever came before */
        sp_bit_clear(x->columns->child[i]->valid, row);
    return check_memory(&x->r, err);
}

sp_status sp_json_kernel_tuple(sp_kernel *k, sp_error *err)
{
    tuple x = { .k = k };
    SP_TRY(reader_init(k, &x.r, err));
    if (!(x.columns = sp_vec_new(k->arena, k->call->type->fields[0].type, k->rows, err)))
        return SP_FAILED;
    for (int i = 0; i < x.columns->child_count; i++) {
        SP_TRY(sp_vec_need_valid(x.columns->child[i], k->arena, err));
        memset(x.columns->child[i]->valid, 0, sp_bit_words(k->rows) * 8);
        memset(x.columns->child[i]->data, 0, sizeof(sp_view) * k->rows);
    }
    sp_list *lists = k->out->data;
    for (uint32_t i = 0; i < k->rows; i++)
        lists[i] = (sp_list){ i, 1 };
    sp_vec_set_elements(k->out, 0, x.columns);
    sp_status status = SP_OK;
    for (SP_ROWS(k, i))
        if ((status = take_row(&x, i, err)) != SP_OK)
            break;
    sp_buf_done(&x.text);
    return status;
}

/* ---- json_array_length, json_object_keys ---- */

sp_status sp_json_bind_length(sp_bind *b, sp_error *err)
{
    b->type = sp_type_of(SP_INT);
    return want_strings(b, err);
}

sp_status sp_json_kernel_length(sp_kernel *k, sp_error *err)
{
    json_reader r;
    SP_TRY(reader_init(k, &r, err));
    for (SP_ROWS(k, i)) {
        sp_json_reader_start(&r, sp_json_arg(k, 0, i), k->arena);
        int32_t n = 0;
        bool good = sp_json_next(&r) == JT_ARRAY;
        while (good) {
            json_token t = sp_json_next(&r);
            if (t == JT_ARRAY_END)
                break;
            n++;
            good = t != JT_ERROR && t != JT_END && sp_json_skip_children(&r);
        }
        SP_TRY(check_memory(&r, err));
        ((int32_t *)k->out->data)[i] = n;
        if (!good)
            sp_kernel_null(k, i);
    }
    return SP_OK;
}

sp_status sp_json_bind_keys(sp_bind *b, sp_error *err)
{
    b->type = sp_type_array(b->arena, sp_type_of(SP_STRING), true, err);
    return b->type ? want_strings(b, err) : SP_FAILED;
}

/* false: no object, or malformed. */
static sp_status read_keys(json_reader *r, sp_builder *keys, bool *good, sp_error *err)
{
    *good = sp_json_next(r) == JT_OBJECT;
    while (*good) {
        json_token t = sp_json_next(r);
        if (t == JT_OBJECT_END)
            return SP_OK;
        if ((*good = t == JT_NAME)) {
            SP_TRY(sp_build_str(keys, sp_json_current_name(r), err));
            *good = sp_json_next(r) != JT_ERROR && sp_json_skip_children(r);
        }
    }
    return check_memory(r, err);
}

sp_status sp_json_kernel_keys(sp_kernel *k, sp_error *err)
{
    json_reader r;
    sp_list *lists = k->out->data;
    SP_TRY(reader_init(k, &r, err));
    sp_builder *keys = sp_builder_new(k->arena, sp_type_of(SP_STRING), true, err);
    if (!keys)
        return SP_FAILED;
    memset(lists, 0, sizeof *lists * k->rows);
    for (SP_ROWS(k, i)) {
        uint32_t before = sp_builder_rows(keys);
        bool good;
        sp_json_reader_start(&r, sp_json_arg(k, 0, i), k->arena);
        SP_TRY(read_keys(&r, keys, &good, err));
        if (!good) {
            sp_builder_truncate(keys, before);
            sp_kernel_null(k, i);
        }
        lists[i] = (sp_list){ before, sp_builder_rows(keys) - before };
    }
    sp_vec *v;
    SP_TRY(sp_builder_take(keys, &v, err));
    sp_vec_set_elements(k->out, 0, v);
    return SP_OK;
}
