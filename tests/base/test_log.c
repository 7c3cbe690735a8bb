/* test_log.c -- levels, and lines that are too long. */
#include "base/base.h"
#include "test.h"

static int lines;
static size_t last_bytes;

static void count_line(void *context, sp_log_level level, const char *line)
{
    lines++;
    last_bytes = strlen(line);
}

TEST(levels)
{
    sp_log_set(count_line, NULL);
    sp_log(SP_LOG_INFO, "not shown");
    CHECK_INT(lines, 0);
    sp_log(SP_LOG_WARN, "%s", "shown");
    CHECK_INT(last_bytes, 5);
    sp_log_set_level(SP_LOG_OFF);
    sp_log(SP_LOG_ERROR, "not shown");
    CHECK_INT(lines, 1);
    sp_log_set_level(SP_LOG_DEBUG);
    CHECK_INT(sp_log_get_level(), SP_LOG_DEBUG);
    sp_log(SP_LOG_DEBUG, "%20000d", 1);
    CHECK(last_bytes > 8000 && last_bytes < 20000);
    sp_log_set(NULL, NULL);
    sp_log_set_level(SP_LOG_WARN);
}
