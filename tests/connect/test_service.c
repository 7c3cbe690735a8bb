/* test_service.c -- the whole service in this process, driven by PySpark's client and by bare stubs: service_check.py. LINK: connect session */
#include "connect/connect.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_python(const char *python, char *const argv[])
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execv(python, argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static sp_runtime *new_runtime(void)
{
    sp_error err = { 0 };
    sp_runtime_options o = { .world = sp_world_real(), .workers = 2 };
    sp_runtime *r = NULL;
    REQUIRE(sp_runtime_new(&o, &r, &err) == SP_OK);
    DEFER(sp_runtime_free, r);
    return r;
}

TEST(opens_and_closes)
{
    sp_error err = { 0 };
    sp_connect *c;
    sp_connect_options o = { .runtime = new_runtime() };
    for (int i = 0; i < 5; i++) {
        REQUIRE(sp_connect_open(&o, &c, &err) == SP_OK);
        CHECK(strncmp(sp_connect_address(c), "127.0.0.1:", 10) == 0);
        sp_connect_close(c);
    }
}

TEST(a_port_in_use_is_one_line)
{
    sp_error err = { 0 };
    sp_connect *c, *second;
    sp_connect_options o = { .runtime = new_runtime() };
    REQUIRE(sp_connect_open(&o, &c, &err) == SP_OK);
    DEFER(sp_connect_close, c);
    o.port = atoi(strrchr(sp_connect_address(c), ':') + 1);
    CHECK(sp_connect_open(&o, &second, &err) == SP_FAILED);
    CHECK(err.plain && !strchr(err.plain, '\n'));
}

/* Runs service_check.py's tests (one of them, or NULL: all) against a service of its own. */
static void check_service(sp_connect_options o, const char *test)
{
    const char *python = getenv("SPATE_PYTHON") ? getenv("SPATE_PYTHON") : "build/venv/bin/python";
    sp_error err = { 0 };
    sp_connect *c;
    if (access(python, X_OK) != 0) {
        printf("  not run: no %s\n", python);
        return;
    }
    o.runtime = new_runtime();
    REQUIRE(sp_connect_open(&o, &c, &err) == SP_OK);
    DEFER(sp_connect_close, c);
    char *port = strrchr(sp_connect_address(c), ':') + 1;
    char *argv[] = { (char *)(uintptr_t)python, "tests/connect/service_check.py", port, (char *)(uintptr_t)test, NULL };
    CHECK_INT(run_python(python, argv), 0);
    sp_connect_drain(c, 1000 * 1000);
}

TEST(real_clients)
{
    check_service((sp_connect_options){ .detached_us = 1500 * 1000 }, NULL);
}

TEST(sessions_expire)
{
    check_service((sp_connect_options){ .session_idle_us = 300 * 1000 }, "expires");
}
