/* grpc_echo.h -- a small gRPC service for the transport's tests and its fuzzer. Requests are text.
 *
 *   /test.Echo/Unary          the request itself, from the loop thread
 *   /test.Echo/Worker         the request itself, from a worker
 *   /test.Echo/Stream "n s"   n messages of s bytes from a worker that waits while the queue is full
 *   /test.Echo/Pump   "n s"   the same from the loop thread, driven by `writable`
 *   /test.Echo/Upload         client streaming: "<messages> <bytes>"
 *   /test.Echo/Fail   "c t"   status c, message t, details = the request
 *   /test.Echo/Hang           no answer; counts its cancellation
 *   /test.Echo/Counts         "<cancelled> <released> <workers cut short>"
 *   /test.Echo/Agent          the client's user-agent
 *   /test.Echo/Reject         PERMISSION_DENIED from start
 *   /test.Echo/Early          client streaming: ends with OK at the first message
 * Without echo->threads, Worker and Stream answer on the loop thread (fuzzing: no threads). */
#ifndef SPATE_TESTS_GRPC_ECHO_H
#define SPATE_TESTS_GRPC_ECHO_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "connect/grpc.h"

typedef struct echo {
    bool threads;
    _Atomic int cancelled, released, cut_short, running;
} echo;

typedef struct echo_job { sp_grpc_call *call; sp_buffer *request; } echo_job;
typedef struct echo_state { long left, size, messages, bytes; } echo_state;

static void echo_numbers(const sp_buffer *request, long *a, long *b)
{
    char text[64];
    size_t n = request->size < sizeof text - 1 ? request->size : sizeof text - 1;
    memcpy(text, request->data, n);
    text[n] = 0;
    char *rest = text;
    *a = strtol(rest, &rest, 10);
    *b = strtol(rest, &rest, 10);
    *a = *a < 0 ? 0 : *a;
    *b = *b < 0 ? 0 : *b > 1 << 24 ? 1 << 24 : *b;
}

static void echo_start(sp_grpc_call *call, void *service)
{
    (void)service;
    sp_grpc_call_set_user(call, sp_calloc(sizeof(echo_state)));
}

static void echo_released(sp_grpc_call *call)
{
    ((echo *)sp_grpc_call_service(call))->released++;
    sp_free(sp_grpc_call_user(call));
}

static void echo_cancelled(sp_grpc_call *call) { ((echo *)sp_grpc_call_service(call))->cancelled++; }
static void echo_unary(sp_grpc_call *call, sp_buffer *request) { sp_grpc_reply(call, request->data, request->size); }

static void echo_finish_ok(sp_grpc_call *call) { sp_grpc_finish(call, SP_GRPC_OK, NULL, NULL, 0); }

static void echo_stream_run(sp_grpc_call *call, const sp_buffer *request, bool wait)
{
    long count, size;
    sp_error err = { 0 };
    echo_numbers(request, &count, &size);
    sp_buffer *body = sp_buffer_new((size_t)size, &err);
    for (long i = 0; body && i < count; i++) {
        char head[16] = { 0 };
        int n = snprintf(head, sizeof head, "%ld:", i);
        if (i == 0)
            memset(body->data, 'x', (size_t)size);
        sp_grpc_sent sent =
            wait ? sp_grpc_send_wait(call, head, (size_t)n, body) : sp_grpc_send_buffer(call, head, (size_t)n, body);
        if (sent != SP_GRPC_SENT) {
            ((echo *)sp_grpc_call_service(call))->cut_short++;
            break;
        }
    }
    sp_buffer_unref(body);
    echo_finish_ok(call);
}

static void *echo_thread(void *p)
{
    echo_job *job = p;
    echo *service = sp_grpc_call_service(job->call);
    if (strcmp(sp_grpc_call_method(job->call)->path, "/test.Echo/Stream") == 0)
        echo_stream_run(job->call, job->request, true);
    else
        sp_grpc_reply(job->call, job->request->data, job->request->size);
    sp_buffer_unref(job->request);
    sp_grpc_call_unref(job->call);
    free(job);
    service->running--;
    return NULL;
}

static void echo_message(sp_grpc_call *call, sp_buffer *request)
{
    echo *service = sp_grpc_call_service(call);
    pthread_t thread;
    if (!service->threads) {
        if (strcmp(sp_grpc_call_method(call)->path, "/test.Echo/Stream") == 0)
            echo_stream_run(call, request, false);
        else
            echo_unary(call, request);
        return;
    }
    echo_job *job = malloc(sizeof *job);
    *job = (echo_job){ sp_grpc_call_ref(call), sp_buffer_ref(request) };
    service->running++;
    if (pthread_create(&thread, NULL, echo_thread, job) == 0)
        pthread_detach(thread);
    else
        abort();
}

static void echo_pump(sp_grpc_call *call)
{
    echo_state *state = sp_grpc_call_user(call);
    static const char body[65536];
    size_t size = state && state->size < (long)sizeof body ? (size_t)state->size : sizeof body;
    for (; state && state->left > 0; state->left--) {
        if (sp_grpc_send(call, body, size) != SP_GRPC_SENT)
            return;      /* FULL: writable comes; OVER: the end */
    }
    echo_finish_ok(call);
}

static void echo_pump_message(sp_grpc_call *call, sp_buffer *request)
{
    echo_state *state = sp_grpc_call_user(call);
    if (state)
        echo_numbers(request, &state->left, &state->size);
    echo_pump(call);
}

static void echo_upload(sp_grpc_call *call, sp_buffer *message)
{
    echo_state *state = sp_grpc_call_user(call);
    if (state) {
        state->messages++;
        state->bytes += (long)message->size;
    }
}

static void echo_upload_end(sp_grpc_call *call)
{
    echo_state *state = sp_grpc_call_user(call);
    char text[64];
    int n = snprintf(text, sizeof text, "%ld %ld", state ? state->messages : -1, state ? state->bytes : -1);
    sp_grpc_reply(call, text, (size_t)n);
}

static void echo_fail(sp_grpc_call *call, sp_buffer *request)
{
    long code, ignored;
    char text[4096];
    size_t n = request->size < sizeof text - 1 ? request->size : sizeof text - 1;
    echo_numbers(request, &code, &ignored);
    memcpy(text, request->data, n);
    text[n] = 0;
    const char *space = strchr(text, ' ');
    sp_grpc_finish(call, (sp_grpc_code)(code & 15), space ? space + 1 : NULL, request->data, request->size);
}

static void echo_hang(sp_grpc_call *call, sp_buffer *request) { (void)call; (void)request; }

static void echo_counts(sp_grpc_call *call, sp_buffer *request)
{
    echo *service = sp_grpc_call_service(call);
    char text[64];
    int n = snprintf(text, sizeof text, "%d %d %d", service->cancelled, service->released, service->cut_short);
    (void)request;
    sp_grpc_reply(call, text, (size_t)n);
}

static void echo_agent(sp_grpc_call *call, sp_buffer *request)
{
    const char *agent = sp_grpc_metadata(call, "user-agent");
    (void)request;
    sp_grpc_reply(call, agent ? agent : "", agent ? strlen(agent) : 0);
}

static void echo_early(sp_grpc_call *call, sp_buffer *request) { (void)request; sp_grpc_reply(call, "enough", 6); }

static void echo_reject(sp_grpc_call *call, void *service)
{
    echo_start(call, service);
    sp_grpc_finish(call, SP_GRPC_PERMISSION_DENIED, "not you", NULL, 0);
}

#define ECHO_ENDS .start = echo_start, .cancelled = echo_cancelled, .released = echo_released
static const sp_grpc_method echo_methods[] = {
    { "/test.Echo/Unary", .message = echo_unary, ECHO_ENDS },
    { "/test.Echo/Worker", .message = echo_message, ECHO_ENDS },
    { "/test.Echo/Stream", .message = echo_message, ECHO_ENDS },
    { "/test.Echo/Pump", .message = echo_pump_message, .writable = echo_pump, ECHO_ENDS },
    { "/test.Echo/Upload", .client_streaming = true, .message = echo_upload, .half_closed = echo_upload_end,
      ECHO_ENDS },
    { "/test.Echo/Fail", .message = echo_fail, ECHO_ENDS },
    { "/test.Echo/Hang", .message = echo_hang, ECHO_ENDS },
    { "/test.Echo/Counts", .message = echo_counts, ECHO_ENDS },
    { "/test.Echo/Agent", .message = echo_agent, ECHO_ENDS },
    { "/test.Echo/Reject", .start = echo_reject, .message = echo_unary, .cancelled = echo_cancelled,
      .released = echo_released },
    { "/test.Echo/Early", .client_streaming = true, .message = echo_early, ECHO_ENDS },
};
enum { ECHO_METHODS = sizeof echo_methods / sizeof echo_methods[0] };

#endif
