/*
 * util.c
 *		Memory that never fails, the monotonic clock, growing buffers.
 *
 * The simulator is a test program: when memory runs out there is nobody to
 * report it to, so it ends.  This file knows nothing of HTTP or of the API.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

static struct timespec clock_origin;

static void *
checked(void *memory)
{
	if (memory == NULL)
	{
		fputs("dbaas-sim: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *
xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size));
}

void *
xrealloc(void *memory, size_t size)
{
	return checked(realloc(memory, size ? size : 1));
}

char *
xstrdup(const char *text)
{
	return checked(strdup(text));
}

char *
xstrndup(const char *text, size_t length)
{
	return checked(strndup(text, length));
}

char *
xasprintf(const char *fmt,...)
{
	va_list		args;
	char	   *text = NULL;
	int			length;

	va_start(args, fmt);
	length = vasprintf(&text, fmt, args);
	va_end(args);
	return checked(length < 0 ? NULL : text);
}

void *
xgrow(void *items, size_t count, size_t *capacity, size_t item_size)
{
	if (count < *capacity)
		return items;
	*capacity = *capacity ? *capacity * 2 : 16;
	return xrealloc(items, *capacity * item_size);
}

void
clock_start(void)
{
	clock_gettime(CLOCK_MONOTONIC, &clock_origin);
}

double
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - clock_origin.tv_sec) * 1e3 +
		(now.tv_nsec - clock_origin.tv_nsec) / 1e6;
}

char *
format_time(char *buffer, size_t size, int64_t seconds, int micros)
{
	time_t		when = (time_t) seconds;
	struct tm	tm;
	size_t		used;

	gmtime_r(&when, &tm);
	used = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &tm);
	if (micros >= 0)
		snprintf(buffer + used, size - used, ".%06dZ", micros);
	else
		snprintf(buffer + used, size - used, "Z");
	return buffer;
}
