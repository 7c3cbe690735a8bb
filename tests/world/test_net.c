/* test_net.c -- the real world's wake-ups and sockets. */
#include "test.h"
#include "world/world.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static sp_world *world;

static bool wait_one(int fd, int64_t timeout_us)
{
    bool ready = false;
    CHECK_INT(sp_wait_readable(world, &fd, 1, timeout_us, &ready, NULL), SP_OK);
    return ready;
}

static void wake_later(void *waker)
{
    sp_sleep_us(world, 5000);
    sp_waker_wake(waker);
}

TEST(wakers)
{
    world = sp_world_real();
    sp_waker *k = sp_waker_new(world, NULL);
    REQUIRE(k != NULL);
    DEFER(sp_waker_free, k);
    int64_t start_ns = sp_mono_ns(world);
    CHECK(!wait_one(sp_waker_fd(k), 2000));
    CHECK(sp_mono_ns(world) - start_ns >= 2000000);
    sp_thread *t;
    REQUIRE(sp_thread_start(world, "waker", wake_later, k, &t, NULL) == SP_OK);
    CHECK(wait_one(sp_waker_fd(k), -1));
    sp_thread_join(t);
    sp_waker_wake(k);
    sp_waker_drain(k);
    CHECK(!wait_one(sp_waker_fd(k), 0));
}

TEST(many_descriptors)
{
    enum { COUNT = 50 };
    world = sp_world_real();
    sp_waker *k = sp_waker_new(world, NULL);
    REQUIRE(k != NULL);
    DEFER(sp_waker_free, k);
    sp_waker_wake(k);
    int fds[COUNT];
    bool ready[COUNT];
    for (int i = 0; i < COUNT; i++)
        fds[i] = i == 41 ? sp_waker_fd(k) : -1;
    CHECK_INT(sp_wait_readable(world, fds, COUNT, -1, ready, NULL), SP_OK);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(ready[i], i == 41);
}

TEST(watches)
{
    world = sp_world_real();
    char path[300];
    sp_watch *k = sp_watch_new(world, NULL);
    REQUIRE(k != NULL);
    DEFER(sp_watch_free, k);
    sp_watch_add(k, test_folder());
    sp_watch_add(k, "/no/such/folder");
    if (sp_watch_fd(k) < 0)
        return;   /* this machine is out of inotify instances */
    CHECK(!wait_one(sp_watch_fd(k), 0));
    snprintf(path, sizeof path, "%s/new", test_folder());
    REQUIRE(sp_file_write_atomic(world, path, SP_LIT("x"), true, SP_DURABLE_RENAME, NULL, NULL) == SP_OK);
    CHECK(wait_one(sp_watch_fd(k), 1000000));
    CHECK(sp_watch_drain(k));
    CHECK(!sp_watch_drain(k));
}

/* A listening socket on a free port of the loopback. */
static int listen_somewhere(int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&a, size) == 0 && listen(fd, 4) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

TEST(sockets)
{
    sp_error err = { 0 };
    sp_socket *s;
    char bytes[16];
    size_t got;
    bool closed;
    int port;
    world = sp_world_real();
    int listener = listen_somewhere(&port);
    REQUIRE(sp_socket_connect(world, "localhost", port, &s, &err) == SP_OK);
    int peer = accept(listener, NULL, NULL);
    CHECK(sp_socket_recv(s, bytes, sizeof bytes, &got, &closed, &err) == SP_OK && got == 0 && !closed);
    CHECK(write(peer, "line\n", 5) == 5);
    CHECK(wait_one(sp_socket_fd(s), 1000000));
    CHECK(sp_socket_recv(s, bytes, sizeof bytes, &got, &closed, &err) == SP_OK && !closed);
    CHECK_MEM(bytes, got, "line\n", 5);
    close(peer);
    CHECK(wait_one(sp_socket_fd(s), 1000000));
    CHECK(sp_socket_recv(s, bytes, sizeof bytes, &got, &closed, &err) == SP_OK && got == 0 && closed);
    sp_socket_close(s);
    close(listener);
    CHECK(sp_socket_connect(world, "localhost", port, &s, &err) == SP_FAILED);
    CHECK(strstr(err.plain, "Connection refused") != NULL);
    CHECK(sp_socket_connect(world, "no.such.host.invalid", 1, &s, &err) == SP_FAILED);
}
