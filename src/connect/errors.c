/* errors.c -- an sp_error as Spark's clients see it (ErrorUtils.buildStatusFromThrowable and throwableToFetchErrorDetailsResponse, Spark 4.3).
 *
 * The trailers carry a google.rpc.Status with one ErrorInfo: the Java class and its ancestors, condition, SQLSTATE, parameters (left out when they
 * are long), and an id under which FetchErrorDetails gives the rest: full message, parameters, query contexts. What PySpark raises follows
 * from the first class in the list that it knows. Nothing is read out of texts: everything is a field of the error. */
#include "connect/connect_int.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

enum {
    MESSAGE_MAX = 2048,        /* SparkConnectService.extractErrorMessage abbreviates to so many characters */
    METADATA_MAX = 1024,       /* spark.connect.grpc.maxMetadataSize */
    CLASSES_MAX = 6
};

/* Each class with its ancestors, the class itself first; all end with Exception, Throwable, Object. */
typedef struct { const char *classes[CLASSES_MAX]; } chain;

#define RUNTIME "java.lang.RuntimeException"
/* By sp_exc: with a condition (Spark's own class), and the plain Java class. */
static const chain with_condition[] = {
    [SP_EXC_ANALYSIS] = { { "org.apache.spark.sql.AnalysisException" } },
    [SP_EXC_PARSE] = { { "org.apache.spark.sql.catalyst.parser.ParseException", "org.apache.spark.sql.AnalysisException" } },
    [SP_EXC_ILLEGAL_ARGUMENT] = { { "org.apache.spark.SparkIllegalArgumentException", "java.lang.IllegalArgumentException", RUNTIME } },
    [SP_EXC_ARITHMETIC] = { { "org.apache.spark.SparkArithmeticException", "java.lang.ArithmeticException", RUNTIME } },
    [SP_EXC_NUMBER_FORMAT] = { { "org.apache.spark.SparkNumberFormatException", "java.lang.NumberFormatException",
                                 "java.lang.IllegalArgumentException", RUNTIME } },
    [SP_EXC_DATETIME] = { { "org.apache.spark.SparkDateTimeException", "java.time.DateTimeException", RUNTIME } },
    [SP_EXC_ARRAY_INDEX] = { { "org.apache.spark.SparkArrayIndexOutOfBoundsException", "java.lang.ArrayIndexOutOfBoundsException",
                               "java.lang.IndexOutOfBoundsException", RUNTIME } },
    [SP_EXC_UNSUPPORTED_OPERATION] = { { "org.apache.spark.SparkUnsupportedOperationException", "java.lang.UnsupportedOperationException", RUNTIME } },
    [SP_EXC_RUNTIME] = { { "org.apache.spark.SparkRuntimeException", RUNTIME } },
    [SP_EXC_SPARK] = { { "org.apache.spark.SparkException" } },
    [SP_EXC_STREAMING_QUERY] = { { "org.apache.spark.sql.streaming.StreamingQueryException" } },
    [SP_EXC_FILE_NOT_FOUND] = { { "org.apache.spark.SparkFileNotFoundException", "java.io.FileNotFoundException", "java.io.IOException" } },
    [SP_EXC_ILLEGAL_STATE] = { { "org.apache.spark.SparkIllegalStateException", "java.lang.IllegalStateException", RUNTIME } },
    [SP_EXC_NO_SUCH_ELEMENT] = { { "org.apache.spark.SparkNoSuchElementException", "java.util.NoSuchElementException", RUNTIME } },
    [SP_EXC_SECURITY] = { { "org.apache.spark.SparkSecurityException", "java.lang.SecurityException", RUNTIME } },
    [SP_EXC_UNKNOWN] = { { "org.apache.spark.SparkException" } },
};
static const chain without_condition[] = {
    [SP_EXC_ANALYSIS] = { { "org.apache.spark.sql.AnalysisException" } },
    [SP_EXC_PARSE] = { { "org.apache.spark.sql.catalyst.parser.ParseException", "org.apache.spark.sql.AnalysisException" } },
    [SP_EXC_ILLEGAL_ARGUMENT] = { { "java.lang.IllegalArgumentException", RUNTIME } },
    [SP_EXC_ARITHMETIC] = { { "java.lang.ArithmeticException", RUNTIME } },
    [SP_EXC_NUMBER_FORMAT] = { { "java.lang.NumberFormatException", "java.lang.IllegalArgumentException", RUNTIME } },
    [SP_EXC_DATETIME] = { { "java.time.DateTimeException", RUNTIME } },
    [SP_EXC_ARRAY_INDEX] = { { "java.lang.ArrayIndexOutOfBoundsException", "java.lang.IndexOutOfBoundsException", RUNTIME } },
    [SP_EXC_UNSUPPORTED_OPERATION] = { { "java.lang.UnsupportedOperationException", RUNTIME } },
    [SP_EXC_RUNTIME] = { { RUNTIME } },
    [SP_EXC_SPARK] = { { "org.apache.spark.SparkException" } },
    [SP_EXC_STREAMING_QUERY] = { { "org.apache.spark.sql.streaming.StreamingQueryException" } },
    [SP_EXC_FILE_NOT_FOUND] = { { "java.io.FileNotFoundException", "java.io.IOException" } },
    [SP_EXC_ILLEGAL_STATE] = { { "java.lang.IllegalStateException", RUNTIME } },
    [SP_EXC_NO_SUCH_ELEMENT] = { { "java.util.NoSuchElementException", RUNTIME } },
    [SP_EXC_SECURITY] = { { "java.lang.SecurityException", RUNTIME } },
    [SP_EXC_UNKNOWN] = { { "java.lang.Exception" } },
};
/* Conditions whose class is one of their own, by the beginning of their name. */
static const struct { const char *prefix; chain classes; } by_condition[] = {
    { "CONNECT_INVALID_PLAN.", { { "org.apache.spark.sql.connect.common.InvalidPlanInput" } } },
    { "INVALID_HANDLE.", { { "org.apache.spark.SparkSQLException", "java.sql.SQLException" } } },
    { "INVALID_CURSOR.", { { "org.apache.spark.SparkSQLException", "java.sql.SQLException" } } },
    { "INVALID_CLONE_SESSION_REQUEST.", { { "org.apache.spark.SparkSQLException", "java.sql.SQLException" } } },
    { "OPERATION_CANCELED", { { "org.apache.spark.SparkSQLException", "java.sql.SQLException" } } },
    { "UNSUPPORTED_FEATURE.INTERRUPT_TYPE", { { "org.apache.spark.SparkSQLException", "java.sql.SQLException" } } },
    { "DATA_SOURCE_NOT_FOUND",
      { { "org.apache.spark.SparkClassNotFoundException", "java.lang.ClassNotFoundException", "java.lang.ReflectiveOperationException" } } },
    { "INCONSISTENT_BEHAVIOR_CROSS_VERSION.", { { "org.apache.spark.SparkUpgradeException", RUNTIME } } },
    { "CONCURRENT_STREAM_LOG_UPDATE",
      { { "org.apache.spark.SparkConcurrentModificationException", "java.util.ConcurrentModificationException", RUNTIME } } },
};

static const char *condition_name(const sp_error *err)
{
    return err->condition == SP_COND_NONE ? NULL : sp_condition_info(err->condition)->name;
}

static const chain *classes_of(const sp_error *err)
{
    const char *name = condition_name(err);
    for (size_t i = 0; name && i < sizeof by_condition / sizeof *by_condition; i++)
        if (strncmp(name, by_condition[i].prefix, strlen(by_condition[i].prefix)) == 0 && err->exc != SP_EXC_ANALYSIS)
            return &by_condition[i].classes;
    return name ? &with_condition[err->exc] : &without_condition[err->exc];
}

/* All of a chain, the common end included. */
static size_t all_classes(const sp_error *err, const char *out[CLASSES_MAX + 4])
{
    const chain *c = classes_of(err);
    size_t n = 0;
    if (err->exc == SP_EXC_ANALYSIS && err->plan)
        out[n++] = "org.apache.spark.sql.catalyst.ExtendedAnalysisException";
    for (size_t i = 0; i < CLASSES_MAX && c->classes[i]; i++)
        out[n++] = c->classes[i];
    if (strcmp(out[n - 1], "java.lang.Exception") != 0)
        out[n++] = "java.lang.Exception";
    out[n++] = "java.lang.Throwable";
    out[n++] = "java.lang.Object";
    return n;
}

const char *sp_error_class(const sp_error *err)
{
    const char *all[CLASSES_MAX + 4];
    all_classes(err, all);
    return all[0];
}

/* ---- what FetchErrorDetails will answer ---- */

typedef Spark__Connect__FetchErrorDetailsResponse__SparkThrowable__MessageParametersEntry pb_parameter;

static bool fill_throwable(const sp_error *err, sp_arena *a, Spark__Connect__FetchErrorDetailsResponse__SparkThrowable *t)
{
    static const pb_parameter blank = SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__SPARK_THROWABLE__MESSAGE_PARAMETERS_ENTRY__INIT;
    const sp_condition_row *row = sp_condition_info(err->condition);
    pb_parameter *items = sp_arena_alloc(a, sizeof *items * (size_t)(err->param_count + 1), NULL);
    t->message_parameters = sp_arena_alloc(a, sizeof *t->message_parameters * (size_t)(err->param_count + 1), NULL);
    if (!items || !t->message_parameters)
        return false;
    t->error_class = (char *)row->name;
    t->sql_state = row->sqlstate[0] ? (char *)row->sqlstate : NULL;
    for (int i = 0; i < err->param_count; i++) {
        items[i] = blank;
        items[i].key = (char *)err->param_keys[i];
        items[i].value = (char *)err->param_values[i];
        t->message_parameters[t->n_message_parameters++] = &items[i];
    }
    return true;
}

static void fill_context(const sp_query_context *c, Spark__Connect__FetchErrorDetailsResponse__QueryContext *out)
{
    out->context_type = c->kind == 1 ? SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT__CONTEXT_TYPE__SQL
                                     : SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT__CONTEXT_TYPE__DATAFRAME;
    out->object_type = (char *)c->object_type;
    out->object_name = (char *)c->object_name;
    out->start_index = c->start_index;
    out->stop_index = c->stop_index;
    out->fragment = (char *)c->fragment;
    out->call_site = (char *)c->call_site;
    out->summary = (char *)c->summary;
}

static char *pack_details(const sp_error *err, char *message, size_t *n)
{
    Spark__Connect__FetchErrorDetailsResponse r = SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__INIT;
    Spark__Connect__FetchErrorDetailsResponse__Error e = SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__ERROR__INIT, *errors[1] = { &e };
    Spark__Connect__FetchErrorDetailsResponse__SparkThrowable t = SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__SPARK_THROWABLE__INIT;
    Spark__Connect__FetchErrorDetailsResponse__QueryContext c = SPARK__CONNECT__FETCH_ERROR_DETAILS_RESPONSE__QUERY_CONTEXT__INIT, *contexts[1] = { &c };
    const char *classes[CLASSES_MAX + 4];
    sp_arena *a = sp_arena_new("error details", 1 << 20);
    e.n_error_type_hierarchy = all_classes(err, classes);
    e.error_type_hierarchy = (char **)classes;
    e.message = message;
    if (a && err->condition != SP_COND_NONE && fill_throwable(err, a, &t)) {
        e.spark_throwable = &t;
        if (err->context.kind) {
            fill_context(&err->context, &c);
            t.query_contexts = contexts;
            t.n_query_contexts = 1;
        }
    }
    r.has_root_error_idx = true;
    r.errors = errors;
    r.n_errors = 1;
    char *bytes = sp_connect_pack(&r.base, 0, n, NULL);
    sp_arena_free(a);
    return bytes;
}

/* Keeps the details under a new id. */
static bool keep_details(sp_client *c, const sp_error *err, char *message, char id[37])
{
    size_t n;
    char *bytes = pack_details(err, message, &n);
    if (!bytes)
        return false;
    sp_uuid(c->service->world, id);
    sp_mutex_lock(&c->lock);
    sp_kept_error *slot = &c->errors[c->next_error++ % ERRORS_KEPT];
    sp_free(slot->bytes);
    memcpy(slot->id, id, 37);
    slot->bytes = bytes;
    slot->n = n;
    sp_mutex_unlock(&c->lock);
    return true;
}

/* ---- the status in the trailers ---- */

typedef Google__Rpc__ErrorInfo__MetadataEntry pb_metadata;
typedef struct { pb_metadata items[6], *list[6]; size_t n; } metadata;

static void put(metadata *m, const char *key, const char *value)
{
    static const pb_metadata blank = GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
    m->items[m->n] = blank;
    m->items[m->n].key = (char *)key;
    m->items[m->n].value = (char *)value;
    m->list[m->n] = &m->items[m->n];
    m->n++;
}

static void classes_json(const sp_error *err, sp_buf *out)
{
    const char *classes[CLASSES_MAX + 4];
    size_t n = all_classes(err, classes);
    for (size_t i = 0; i < n; i++)
        sp_buf_printf(out, "%s\"%s\"", i ? "," : "[", classes[i]);
    sp_buf_putc(out, ']');
}

static void parameters_json(const sp_error *err, sp_buf *out)
{
    sp_buf_putc(out, '{');
    for (int i = 0; i < err->param_count; i++) {
        if (i)
            sp_buf_putc(out, ',');
        sp_json_quote(out, sp_str_of(err->param_keys[i]));
        sp_buf_putc(out, ':');
        sp_json_quote(out, sp_str_of(err->param_values[i]));
    }
    sp_buf_putc(out, '}');
}

/* StringUtils.abbreviate, by whole characters; text is cut in place. */
static void abbreviate(char *text, size_t max)
{
    size_t n = strlen(text);
    if (n <= max)
        return;
    n = max - 3;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    memcpy(text + n, "...", 4);
}

static char *pack_status(const sp_error *err, char *message, const char *error_id, size_t *n)
{
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT, *details[1] = { &any };
    metadata m = { .n = 0 };
    sp_buf classes = { 0 }, parameters = { 0 };
    char *bytes = NULL, *packed;
    classes_json(err, &classes);
    put(&m, "classes", sp_buf_cstr(&classes));
    if (err->condition != SP_COND_NONE) {
        const sp_condition_row *row = sp_condition_info(err->condition);
        if (row->sqlstate[0])
            put(&m, "sqlState", row->sqlstate);
        parameters_json(err, &parameters);
        if (parameters.len <= METADATA_MAX) {
            put(&m, "errorClass", row->name);
            put(&m, "messageParameters", sp_buf_cstr(&parameters));
        }
    }
    if (error_id)
        put(&m, "errorId", error_id);
    info.reason = (char *)sp_error_class(err);
    info.domain = "org.apache.spark";
    info.metadata = m.list;
    info.n_metadata = m.n;
    packed = sp_connect_pack(&info.base, 0, &any.value.len, NULL);
    if (packed) {
        any.type_url = "type.googleapis.com/google.rpc.ErrorInfo";
        any.value.data = (uint8_t *)packed;
        status.code = SP_GRPC_INTERNAL;
        status.message = message;
        status.details = details;
        status.n_details = 1;
        bytes = sp_connect_pack(&status.base, 0, n, NULL);
    }
    sp_free(packed);
    sp_buf_done(&classes);
    sp_buf_done(&parameters);
    return bytes;
}

void sp_connect_status(sp_client *c, const sp_error *err, char **message, char **details, size_t *details_n)
{
    sp_buf text = { 0 };
    char id[37];
    *details = NULL;
    *details_n = 0;
    *message = NULL;
    sp_error_message(err, &text);
    sp_buf_putc(&text, '\0');
    if (text.failed || text.len == 1) {
        sp_buf_done(&text);
        return;
    }
    bool kept = c && keep_details(c, err, text.data, id);
    abbreviate(text.data, MESSAGE_MAX);
    *details = pack_status(err, text.data, kept ? id : NULL, details_n);
    *message = text.data;   /* the buffer's memory is ours now */
}

void sp_connect_fail(sp_grpc_call *call, sp_client *c, const sp_error *err)
{
    char *message, *details;
    size_t n;
    sp_connect_status(c, err, &message, &details, &n);
    sp_grpc_finish(call, SP_GRPC_INTERNAL, message ? message : "out of memory", details, n);
    sp_free(message);
    sp_free(details);
}

/* ---- FetchErrorDetails ---- */

sp_status sp_handle_error_details(sp_request *r, sp_error *err)
{
    const Spark__Connect__FetchErrorDetailsRequest *m = (const void *)r->message;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, false,
                         &r->client, err));
    sp_client *c = r->client;
    Spark__Connect__FetchErrorDetailsResponse *out = NULL;
    sp_mutex_lock(&c->lock);
    for (int i = 0; i < ERRORS_KEPT; i++)
        if (c->errors[i].bytes && m->error_id && strcmp(c->errors[i].id, m->error_id) == 0) {
            ProtobufCAllocator allocator = sp_proto_allocator(r->arena);
            out = spark__connect__fetch_error_details_response__unpack(&allocator, c->errors[i].n, (const uint8_t *)c->errors[i].bytes);
        }
    sp_mutex_unlock(&c->lock);
    if (!out) {
        SP_NEW(out, r->arena, sizeof *out, err);
        spark__connect__fetch_error_details_response__init(out);
    }
    out->session_id = m->session_id;
    out->server_side_session_id = c->server_id;
    r->response = &out->base;
    return SP_OK;
}
