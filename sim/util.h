/*
 * util.h
 *		Memory that never fails, the monotonic clock, growing buffers.
 */
#ifndef SIM_UTIL_H
#define SIM_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))
#define SIM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

extern void *xcalloc(size_t count, size_t size);
extern void *xrealloc(void *memory, size_t size);
extern char *xstrdup(const char *text);
extern char *xstrndup(const char *text, size_t length);
extern char *xasprintf(const char *fmt,...) SIM_PRINTF(1, 2);

/*
 * Makes room for one more item in an array of "count" items, and returns the
 * array.  The caller counts.
 */
extern void *xgrow(void *items, size_t count, size_t *capacity, size_t item_size);

extern void clock_start(void);
extern double clock_ms(void);

/*
 * Writes a Unix time in UTC as YYYY-MM-DDTHH:MM:SS, then the microseconds
 * unless micros is negative, then Z.
 */
extern char *format_time(char *buffer, size_t size, int64_t seconds, int micros);

#endif							/* SIM_UTIL_H */
