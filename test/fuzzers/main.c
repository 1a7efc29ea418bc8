/*-------------------------------------------------------------------------
 *
 * main.c
 *		Gives texts to a fuzzer.
 *
 * NAME SEED COUNT FILE...: checks the texts in the files, which an empty line
 * separates, and COUNT texts made of those by random changes.  The same SEED makes
 * the same ones.  A file *.dict holds tokens to put in, as libFuzzer takes them.
 * Prints how many texts were accepted and how many refused.
 *
 * With FUZZER defined, a target for libFuzzer.
 *
 * Either aborts at the first text in which something is wrong, and prints it.
 *
 *-------------------------------------------------------------------------
 */
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzzer.h"

#define MAX_TEXT 65536

static const char *checked;
static size_t checked_len;

/* The names are those that the sanitizers look for. */
extern const char *__asan_default_options(void);
extern const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
	return "abort_on_error=1:malloc_context_size=6";
}

const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

void
fuzzer_fail(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(".\n", stderr);
	abort();
}

bool
check_copy(const char *text, size_t len)
{
	char	   *copy = len < PTRDIFF_MAX ? malloc(len + 1) : NULL;
	bool		accepted;

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	checked = copy;
	checked_len = len;
	accepted = fuzzer_check(copy, len);
	free(copy);
	checked = text;
	return accepted;
}

#ifdef FUZZER

/* libFuzzer shows the text itself. */
extern int	LLVMFuzzerInitialize(int *argc, char ***argv);
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	fuzzer_start();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_copy((const char *) data, size);
	return 0;
}

#else

typedef struct Text
{
	char	   *text;
	size_t		len;
} Text;

typedef struct Texts
{
	Text	   *texts;
	size_t		n;
} Texts;

static Texts texts;
static Texts tokens;

/* Called when the program is about to end, because of expect() or a sanitizer. */
static void
show_text(int number)
{
	static const char title[] = "The text is:\n";

	(void) number;
	if (write(STDERR_FILENO, title, strlen(title)) < 0 ||
		write(STDERR_FILENO, checked, checked_len) < 0 ||
		write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
}

static size_t
pick(size_t n)
{
	return n == 0 ? 0 : (size_t) lrand48() % n;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void
add(Texts *to, const char *text, size_t len)
{
	char	   *copy;

	if (len == 0 || len > MAX_TEXT)
		return;
	to->texts = realloc(to->texts, (to->n + 1) * sizeof(Text));
	copy = malloc(len);
	if (to->texts == NULL || copy == NULL)
		abort();
	memcpy(copy, text, len);
	to->texts[to->n].text = copy;
	to->texts[to->n++].len = len;
}

static char *
read_file(const char *name)
{
	FILE	   *file = fopen(name, "r");
	char	   *content = NULL;
	size_t		size = 0;

	if (file == NULL || getdelim(&content, &size, EOF, file) < 0)
	{
		perror(name);
		exit(2);
	}
	fclose(file);
	return content;
}

static void
add_texts(const char *name)
{
	char	   *content = read_file(name);
	char	   *next;

	for (char *text = content; text; text = next)
	{
		size_t		len;

		next = strstr(text, "\n\n");
		len = next ? (size_t) (next - text) : strlen(text);
		next = next ? next + 2 : NULL;
		while (len > 0 && text[len - 1] == '\n')
			len--;
		add(&texts, text, len);
	}
	free(content);
}

/* The lines "..." of a dictionary. */
static void
add_tokens(const char *name)
{
	char	   *content = read_file(name);

	for (char *line = strtok(content, "\n"); line; line = strtok(NULL, "\n"))
	{
		char	   *to = line;
		char	   *from = line + 1;

		if (*line != '"')
			continue;
		while (*from && *from != '"')
		{
			unsigned	code;

			if (*from == '\\' && sscanf(from, "\\x%2x", &code) == 1)
			{
				*to++ = (char) code;
				from += strlen("\\x00");
				continue;
			}
			from += *from == '\\';
			*to++ = *from++;
		}
		add(&tokens, line, (size_t) (to - line));
	}
	free(content);
}

/* Puts len bytes in the place of "gone" ones. */
static void
splice(char *text, size_t *text_len, size_t at, size_t gone, const char *with, size_t len)
{
	gone = least(gone, *text_len - at);
	if (*text_len - gone + len > MAX_TEXT)
		return;
	memmove(text + at + len, text + at + gone, *text_len - at - gone);
	memcpy(text + at, with, len);
	*text_len += len - gone;
}

static void
change(char *text, size_t *len)
{
	static char piece[MAX_TEXT];
	size_t		at = pick(*len + 1);
	const Text *other;
	size_t		from;
	size_t		n;

	switch (pick(5))
	{
		case 0:
			if (at < *len)
				text[at] ^= (char) (1 << pick(8));
			break;
		case 1:
			splice(text, len, at, 1 + pick(pick(4) ? 3 : 40), "", 0);
			break;
		case 2:
			if (tokens.n == 0)
				break;
			other = &tokens.texts[pick(tokens.n)];
			splice(text, len, at, pick(3), other->text, other->len);
			break;
		case 3:
			/* A part of itself again */
			from = pick(*len);
			n = least(pick(40), *len - from);
			memcpy(piece, text + from, n);
			splice(text, len, at, pick(3), piece, n);
			break;
		case 4:
			other = &texts.texts[pick(texts.n)];
			from = pick(other->len);
			n = least(pick(40), other->len - from);
			splice(text, len, at, pick(20), other->text + from, n);
			break;
	}
}

int
main(int argc, char **argv)
{
	static char text[MAX_TEXT];
	long		count = argc > 3 ? atol(argv[2]) : -1;
	long		accepted = 0;

	if (count < 0)
	{
		fprintf(stderr, "usage: %s SEED COUNT FILE...\n", argv[0]);
		return 2;
	}
	signal(SIGABRT, show_text);
	srand48(atol(argv[1]));
	for (int i = 3; i < argc; i++)
	{
		size_t		len = strlen(argv[i]);

		if (len > 5 && strcmp(argv[i] + len - 5, ".dict") == 0)
			add_tokens(argv[i]);
		else
			add_texts(argv[i]);
	}
	if (texts.texts == NULL)
		return 2;
	fuzzer_start();
	for (size_t i = 0; i < texts.n; i++)
		accepted += check_copy(texts.texts[i].text, texts.texts[i].len);
	for (long i = 0; i < count; i++)
	{
		const Text *from = &texts.texts[pick(texts.n)];
		size_t		len = from->len;

		memcpy(text, from->text, len);
		for (size_t n = pick(4); n > 0; n--)
			change(text, &len);
		accepted += check_copy(text, len);
	}
	count += (long) texts.n;
	printf("%ld texts: %ld accepted, %ld refused\n", count, accepted, count - accepted);
	return 0;
}

#endif							/* FUZZER */
