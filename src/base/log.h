/* log.h -- one line per event, through a callback set once at start; levels as log4j names them. */
#ifndef SP_BASE_LOG_H
#define SP_BASE_LOG_H

typedef enum { SP_LOG_ERROR, SP_LOG_WARN, SP_LOG_INFO, SP_LOG_DEBUG, SP_LOG_OFF = -1 } sp_log_level;
typedef void (*sp_log_writer)(void *context, sp_log_level level, const char *line);
void sp_log_set(sp_log_writer writer, void *context);
void sp_log_set_level(sp_log_level level);            /* default SP_LOG_WARN */
sp_log_level sp_log_get_level(void);
void sp_log(sp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
