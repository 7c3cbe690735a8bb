/* artifacts.c -- AddArtifacts and ArtifactStatus: what clients upload (SparkConnectAddArtifactsHandler, Spark 4.3).
 *
 * "cache/<sha256>" are the rows of large local DataFrames, "pyfiles/...", "files/...", "archives/..." what Python functions need. All are kept in
 * the session's memory. Each chunk carries a CRC-32; an artifact with a wrong one is reported and dropped. */
#include "connect/connect_int.h"
#include <zlib.h>

typedef Spark__Connect__AddArtifactsRequest request;
typedef Spark__Connect__AddArtifactsRequest__ArtifactChunk chunk;

typedef struct upload {
    sp_request *r;
    Spark__Connect__AddArtifactsResponse *out;
    size_t cap;
    /* the artifact whose chunks are coming; name NULL: none */
    char *name;
    sp_buffer *buffer;
    size_t used;
    int64_t chunks_left;
    bool good;
} upload;

static bool crc_is_right(const chunk *c)
{
    return (uint32_t)crc32_z(0, c->data.data, c->data.len) == (uint32_t)c->crc;
}

static sp_status report(upload *u, const char *name, bool good, sp_error *err)
{
    Spark__Connect__AddArtifactsResponse__ArtifactSummary *s;
    if (u->out->n_artifacts == u->cap) {
        size_t cap = u->cap ? u->cap * 2 : 16;
        Spark__Connect__AddArtifactsResponse__ArtifactSummary **more;
        SP_NEW_ARRAY(more, u->r->arena, cap, err);
        if (u->cap)
            memcpy(more, u->out->artifacts, sizeof *more * u->cap);
        u->out->artifacts = more;
        u->cap = cap;
    }
    SP_NEW(s, u->r->arena, sizeof *s, err);
    spark__connect__add_artifacts_response__artifact_summary__init(s);
    s->is_crc_successful = good;
    u->out->artifacts[u->out->n_artifacts++] = s;
    return (s->name = sp_arena_strdup(u->r->arena, name, err)) ? SP_OK : SP_FAILED;
}

/* A name is a relative path that stays inside. */
static sp_status check_name(const char *name, sp_error *err)
{
    if (strncmp(name, "forward_to_fs", 13) == 0)
        return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Uploading artifact file to local file system destination path is not supported.");
    if (!*name || *name == '/' || strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 || strstr(name, "/../"))
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Cannot determine the type of artifact: %s", name);
    return SP_OK;
}

/* Takes over the buffer's reference. */
static sp_status keep(sp_client *c, const char *name, sp_buffer *b, sp_error *err)
{
    sp_buffer *old = NULL;
    sp_status status;
    sp_mutex_lock(&c->lock);
    if (c->artifact_bytes + b->size > ARTIFACT_BYTES_MAX) {
        status = sp_error_plain(err, SP_EXC_SPARK, "The artifacts of the session are too large: more than %d bytes", ARTIFACT_BYTES_MAX);
    } else {
        old = sp_strmap_get(&c->artifacts, sp_str_of(name));
        status = sp_strmap_put(&c->artifacts, sp_str_of(name), b, err);
    }
    if (status == SP_OK)
        c->artifact_bytes += b->size - (old ? old->size : 0);
    sp_mutex_unlock(&c->lock);
    sp_buffer_unref(status == SP_OK ? old : b);
    return status;
}

static sp_status take_batch(upload *u, const Spark__Connect__AddArtifactsRequest__Batch *m, sp_error *err)
{
    for (size_t i = 0; i < m->n_artifacts; i++) {
        const char *name = m->artifacts[i]->name ? m->artifacts[i]->name : "";
        const chunk *c = m->artifacts[i]->data;
        SP_TRY(check_name(name, err));
        bool good = c && crc_is_right(c);
        if (good) {
            sp_buffer *b = sp_buffer_new(c->data.len, err);
            if (!b)
                return SP_FAILED;
            if (c->data.len)
                memcpy(b->data, c->data.data, c->data.len);
            SP_TRY(keep(u->r->client, name, b, err));
        }
        SP_TRY(report(u, name, good, err));
    }
    return SP_OK;
}

static sp_status take_chunk(upload *u, const chunk *c, sp_error *err)
{
    if (!u->name)
        return sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "An artifact's chunk came before its beginning");
    if (!c || c->data.len > u->buffer->size - u->used)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "The chunks of artifact %s are longer than was said", u->name);
    u->good &= crc_is_right(c);
    if (c->data.len)
        memcpy(u->buffer->data + u->used, c->data.data, c->data.len);
    u->used += c->data.len;
    if (--u->chunks_left > 0)
        return SP_OK;
    bool good = u->good && u->used == u->buffer->size;
    char *name = u->name;
    sp_buffer *b = u->buffer;
    u->name = NULL;
    u->buffer = NULL;
    if (good)
        SP_TRY(keep(u->r->client, name, b, err));
    else
        sp_buffer_unref(b);
    return report(u, name, good, err);
}

static sp_status begin_chunks(upload *u, const Spark__Connect__AddArtifactsRequest__BeginChunkedArtifact *m, sp_error *err)
{
    const char *name = m->name ? m->name : "";
    SP_TRY(check_name(name, err));
    if (u->name || m->total_bytes < 0 || m->total_bytes > ARTIFACT_BYTES_MAX || m->num_chunks < 1)
        return sp_error_plain(err, SP_EXC_ILLEGAL_ARGUMENT, "Artifact %s begins out of turn or with impossible sizes", name);
    if (!(u->buffer = sp_buffer_new((size_t)m->total_bytes, err)) || !(u->name = sp_arena_strdup(u->r->arena, name, err)))
        return SP_FAILED;
    u->used = 0;
    u->chunks_left = m->num_chunks;
    u->good = true;
    return take_chunk(u, m->initial_chunk, err);
}

static sp_status take(upload *u, const request *m, sp_error *err)
{
    if (!u->r->client)
        SP_TRY(sp_client_get(u->r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id,
                             true, &u->r->client, err));
    if (!u->out->session_id && !(u->out->session_id = sp_arena_strdup(u->r->arena, m->session_id ? m->session_id : "", err)))
        return SP_FAILED;
    switch ((int)m->payload_case) {
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BATCH: return take_batch(u, m->batch, err);
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BEGIN_CHUNK: return begin_chunks(u, m->begin_chunk, err);
    case SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_CHUNK: return take_chunk(u, m->chunk, err);
    default: return sp_error_plain(err, SP_EXC_UNSUPPORTED_OPERATION, "Unsupported data transfer request");
    }
}

sp_status sp_handle_add_artifacts(sp_request *r, sp_buffer *const *uploads, size_t count, sp_error *err)
{
    upload u = { .r = r };
    sp_arena *one = sp_arena_new("upload", CALL_ARENA_BYTES);
    SP_NEW(u.out, r->arena, sizeof *u.out, err);
    spark__connect__add_artifacts_response__init(u.out);
    sp_status status = one ? SP_OK : sp_error_memory(err, "an upload");
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        ProtobufCMessage *m;
        sp_arena_reset(one);
        status = sp_proto_unpack(&spark__connect__add_artifacts_request__descriptor, (const uint8_t *)uploads[i]->data, uploads[i]->size, NULL, one, &m, err);
        if (status == SP_OK)
            status = take(&u, (const request *)m, err);
    }
    if (status == SP_OK && u.name)
        status = sp_error_plain(err, SP_EXC_ILLEGAL_STATE, "The upload ended in the middle of artifact %s", u.name);
    if (status == SP_OK && r->client)
        u.out->server_side_session_id = r->client->server_id;
    sp_buffer_unref(u.buffer);
    sp_arena_free(one);
    r->response = status == SP_OK ? &u.out->base : NULL;
    return status;
}

sp_status sp_handle_artifact_status(sp_request *r, sp_error *err)
{
    const Spark__Connect__ArtifactStatusesRequest *m = (const void *)r->message;
    Spark__Connect__ArtifactStatusesResponse *out;
    SP_TRY(sp_client_get(r->service, m->user_context ? m->user_context->user_id : NULL, m->session_id, m->client_observed_server_side_session_id, true,
                         &r->client, err));
    SP_NEW(out, r->arena, sizeof *out, err);
    spark__connect__artifact_statuses_response__init(out);
    SP_NEW_ARRAY(out->statuses, r->arena, m->n_names + 1, err);
    for (size_t i = 0; i < m->n_names; i++) {
        Spark__Connect__ArtifactStatusesResponse__StatusesEntry *e;
        SP_NEW(e, r->arena, sizeof *e, err);
        spark__connect__artifact_statuses_response__statuses_entry__init(e);
        SP_NEW(e->value, r->arena, sizeof *e->value, err);
        spark__connect__artifact_statuses_response__artifact_status__init(e->value);
        e->key = m->names[i];
        sp_mutex_lock(&r->client->lock);
        e->value->exists = strncmp(m->names[i], "cache/", 6) == 0 && sp_strmap_has(&r->client->artifacts, sp_str_of(m->names[i]));
        sp_mutex_unlock(&r->client->lock);
        out->statuses[out->n_statuses++] = e;
    }
    out->session_id = m->session_id;
    out->server_side_session_id = r->client->server_id;
    r->response = &out->base;
    return SP_OK;
}
