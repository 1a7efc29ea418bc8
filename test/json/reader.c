/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Holds src/base/json.c to json-c, value by value, and to PostgreSQL's own
 *		JSON parser in what is JSON at all.
 *
 * Links src/base/json.c as it is, on malloc in the place of memory contexts, so that
 * a sanitizer sees every byte that is read.  Two programs come of this file:
 *
 * reader SEED COUNT [FILE...]: checks texts made of those in the files, and of
 * its own, by COUNT random changes; the same SEED makes the same ones.  Prints
 * how many were read and how many refused.
 *
 * With FUZZER defined, a target for libFuzzer.
 *
 * Either aborts at the first text on which the readers differ, and prints it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <json-c/json.h>

#include "common/jsonapi.h"
#include "common/pg_prng.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/json.h"

/* ------------------------------------------------------------------------
 * What src/base/json.c, and PostgreSQL's library, need of a backend
 * ------------------------------------------------------------------------ */

typedef struct Chunk
{
	struct Chunk *prev;
	struct Chunk *next;
} Chunk;

static Chunk chunks =
{
	&chunks, &chunks
};

MemoryContext CurrentMemoryContext = NULL;
volatile sig_atomic_t InterruptPending = true;

/* How often the reader would have served one. */
static uint32 interrupts;

void
ProcessInterrupts(void)
{
	interrupts++;
}

static void *
link_chunk(Chunk *chunk)
{
	if (chunk == NULL)
		abort();
	chunk->next = chunks.next;
	chunk->prev = &chunks;
	chunk->next->prev = chunk;
	chunks.next = chunk;
	return chunk + 1;
}

static Chunk *
unlink_chunk(void *pointer)
{
	Chunk	   *chunk = (Chunk *) pointer - 1;

	chunk->prev->next = chunk->next;
	chunk->next->prev = chunk->prev;
	return chunk;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return link_chunk(malloc(sizeof(Chunk) + size));
}

void *
palloc_extended(Size size, int flags)
{
	return MemoryContextAlloc(NULL, size);
}

void *
palloc(Size size)
{
	return MemoryContextAlloc(NULL, size);
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
repalloc(void *pointer, Size size)
{
	return repalloc_huge(pointer, size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return link_chunk(realloc(pointer ? unlink_chunk(pointer) : NULL, sizeof(Chunk) + size));
}

void
pfree(void *pointer)
{
	/* PostgreSQL's library frees nothing at times, which is free()'s to bear */
	if (pointer)
		free(unlink_chunk(pointer));
}

char *
pstrdup(const char *in)
{
	return strcpy(MemoryContextAlloc(NULL, strlen(in) + 1), in);
}

static void
free_all(void)
{
	Chunk	   *next;

	for (Chunk *chunk = chunks.next; chunk != &chunks; chunk = next)
	{
		next = chunk->next;
		free(chunk);
	}
	chunks.next = &chunks;
	chunks.prev = &chunks;
}

/* ------------------------------------------------------------------------
 * The comparison
 * ------------------------------------------------------------------------ */

static const char *checked;
static size_t checked_len;

static void differ(const char *how) __attribute__((noreturn));

static void
differ(const char *how)
{
	fprintf(stderr, "The readers differ: %s. The text of %zu bytes is:\n", how, checked_len);
	fwrite(checked, 1, checked_len, stderr);
	fputc('\n', stderr);
	abort();
}

static void
expect(bool holds, const char *otherwise)
{
	if (!holds)
		differ(otherwise);
}

static void
compare_number(struct json_object *theirs, const DbaasJson *ours)
{
	char	   *text = dbaas_json_text(ours);
	char	   *end;

	if (json_object_is_type(theirs, json_type_int))
	{
		expect(ours->type == DBAAS_JSON_INTEGER, "an integer");
		errno = 0;
		if (*text == '-')
			expect(strtoll(text, &end, 10) == json_object_get_int64(theirs),
				   "a negative integer's value");
		else
			expect(strtoull(text, &end, 10) == json_object_get_uint64(theirs),
				   "an integer's value");
		expect(*end == '\0', "an integer's end");
	}
	else
	{
		double		number = strtod(text, &end);

		expect(*end == '\0', "a number's end");
		expect(number == json_object_get_double(theirs), "a number's value");
		expect(ours->type == DBAAS_JSON_NUMBER, "a number's type");
	}
}

static void
compare_string(struct json_object *theirs, const DbaasJson *ours)
{
	size_t		len;
	char	   *string = dbaas_json_string(ours, &len);
	const char *other = json_object_get_string(theirs);
	bool		plain = strlen(string) == len;

	expect(len == (size_t) json_object_get_string_len(theirs) && memcmp(string, other, len) == 0,
		   "a string's characters");
	expect(string[len] == '\0', "a string's end");
	expect((dbaas_json_plain_string(ours) != NULL) == plain, "a string with a NUL");
	expect(!plain || dbaas_json_equals(ours, string), "a string is equal to itself");
}

static void
compare(struct json_object *theirs, const DbaasJson *ours)
{
	const DbaasJson *item;

	switch (json_object_get_type(theirs))
	{
		case json_type_null:
			expect(ours == NULL || ours->type == DBAAS_JSON_NULL, "a null");
			break;
		case json_type_boolean:
			expect(dbaas_json_is(ours, DBAAS_JSON_BOOLEAN), "a boolean");
			expect(strcmp(dbaas_json_text(ours),
						  json_object_get_boolean(theirs) ? "true" : "false") == 0,
				   "a boolean's value");
			break;
		case json_type_int:
		case json_type_double:
			compare_number(theirs, ours);
			break;
		case json_type_string:
			expect(dbaas_json_is(ours, DBAAS_JSON_STRING), "a string");
			compare_string(theirs, ours);
			break;
		case json_type_array:
			expect(dbaas_json_is(ours, DBAAS_JSON_ARRAY), "an array");
			expect(dbaas_json_count(ours) == (int64) json_object_array_length(theirs),
				   "an array's length");
			item = dbaas_json_first(ours);
			for (size_t i = 0; i < json_object_array_length(theirs); i++)
			{
				compare(json_object_array_get_idx(theirs, i), item);
				item = dbaas_json_next(ours, item);
			}
			expect(item == NULL, "an array's end");
			break;
		case json_type_object:
			expect(dbaas_json_is(ours, DBAAS_JSON_OBJECT), "an object");
			/* Of members with one name the last counts, there as here */
			{
				json_object_object_foreach(theirs, name, value)
					compare(value, dbaas_json_member(ours, name));
			}
			for (item = dbaas_json_first(ours); item; item = dbaas_json_next(ours, item))
				expect(json_object_object_get_ex(theirs, dbaas_json_string(item, NULL), NULL),
					   "the name of a member");
			break;
	}
}

static struct json_object *
parse_with_json_c(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(DBAAS_JSON_MAX_DEPTH + 2);
	struct json_object *value;

	/*
	 * Not strictly: what is JSON was decided before, and json-c 0.18 takes a
	 * byte beyond ASCII for a control character then.  The NUL ends a number.
	 */
	value = json_tokener_parse_ex(tokener, text, len + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
	{
		fprintf(stderr, "json-c: %s\n", json_tokener_error_desc(json_tokener_get_error(tokener)));
		differ("json-c refuses it");
	}
	json_tokener_free(tokener);
	return value;
}

/* What PostgreSQL's own parser says of it. */
static JsonParseErrorType
parse_with_postgres(const char *text, size_t len)
{
	JsonSemAction nothing = {0};
	JsonLexContext *lexer;

#if PG_VERSION_NUM >= 170000
	lexer = makeJsonLexContextCstringLen(NULL, text, len, PG_UTF8, true);
#else
	lexer = makeJsonLexContextCstringLen(unconstify(char *, text), (int) len, PG_UTF8, true);
#endif
	return pg_parse_json(lexer, &nothing);
}

/* How deep its arrays and objects lie in each other, if it is JSON. */
static int
depth_of(const char *text, size_t len)
{
	int			depth = 0;
	int			deepest = 0;
	bool		in_string = false;

	for (size_t i = 0; i < len; i++)
	{
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '[' || text[i] == '{'))
		{
			depth++;
			deepest = Max(deepest, depth);
		}
		else if (!in_string && (text[i] == ']' || text[i] == '}'))
			depth--;
	}
	return deepest;
}

/*
 * json-c takes a character that it made of two escapes for half of a pair when
 * its lower 16 bits are in their range, and reads U+FFFD.  Is there one?
 */
static bool
lost_by_json_c(const DbaasJson *value)
{
	for (uint32 i = 0; i < value->size; i++)
	{
		const unsigned char *p;
		size_t		len;

		if (value[i].type != DBAAS_JSON_STRING || !value[i].escaped)
			continue;
		p = (unsigned char *) dbaas_json_string(&value[i], &len);
		for (const unsigned char *end = p + len; p < end; p += pg_utf_mblen(p))
		{
			if (pg_utf_mblen(p) == 4 && (utf8_to_unicode(p) & 0xf800) == 0xd800)
				return true;
		}
	}
	return false;
}

static bool
has_nul_escape(const char *text)
{
	return strstr(text, "\\u0000") != NULL;
}

/*
 * Would json-c write the value as it stands in the text?  Not where it has
 * escapes, a member twice, or an integer that json-c makes another of.
 */
static bool
is_written_alike(const DbaasJson *ours)
{
	for (uint32 i = 0; i < ours->size; i++)
	{
		const DbaasJson *node = &ours[i];

		if (node->type == DBAAS_JSON_STRING && node->escaped)
			return false;
		if (node->type == DBAAS_JSON_INTEGER &&
			(node->len > 18 || memcmp(node->text, "-0", 2) == 0))
			return false;
		if (node->type != DBAAS_JSON_OBJECT)
			continue;
		for (const DbaasJson *name = dbaas_json_first(node); name;
			 name = dbaas_json_next(node, name))
		{
			for (const DbaasJson *other = dbaas_json_next(node, name); other;
				 other = dbaas_json_next(node, other))
			{
				if (name->len == other->len && memcmp(name->text, other->text, name->len) == 0)
					return false;
			}
		}
	}
	return true;
}

/* Compares what was read, and what would be sent of it. */
static void
check_values(const DbaasJson *ours)
{
	struct json_object *theirs = parse_with_json_c(checked, checked_len);
	char	   *compact = dbaas_json_compact(ours);
	const DbaasJson *again;
	char	   *problem;

	compare(theirs, ours);
	expect(dbaas_json_parse(NULL, compact, strlen(compact), DBAAS_JSON_ALL_NODES(strlen(compact)),
							&again, &problem), "the compact text is read");
	compare(theirs, again);
	expect(strcmp(dbaas_json_compact(again), compact) == 0, "the compact text is compact");
	if (is_written_alike(ours))
		expect(strcmp(json_object_to_json_string_ext(theirs, JSON_C_TO_STRING_PLAIN |
													 JSON_C_TO_STRING_NOSLASHESCAPE),
					  compact) == 0, "the compact text is json-c's own");
	json_object_put(theirs);
}

/* Checks a text, which a NUL follows.  Is it JSON? */
static bool
check(const char *text, size_t len)
{
	static DbaasBuffer buffer;
	const DbaasJson *ours;
	const DbaasJson *again;
	char	   *problem;
	bool		accepted;
	bool		utf8;
	JsonParseErrorType verdict;

	checked = text;
	checked_len = len;
	interrupts = 0;
	accepted = dbaas_json_parse(NULL, text, len, DBAAS_JSON_ALL_NODES(len), &ours, &problem);
	expect(accepted == (problem == NULL), "a problem without cause");
	if (len <= DBAAS_JSON_SHORT)
		expect(interrupts == 0, "an interrupt in a short text");
	else if (accepted)
		expect(interrupts >= ours->size / 4096, "a long text is read without serving interrupts");
	expect(dbaas_json_parse_into(&buffer, text, len, DBAAS_JSON_ALL_NODES(len), &again,
								 &problem) == accepted,
		   "it is read into a buffer with another result");
	expect(!accepted || memcmp(again, ours, ours->size * sizeof(DbaasJson)) == 0,
		   "its nodes in a buffer are others");

	utf8 = pg_encoding_verifymbstr(PG_UTF8, text, (int) len) == (int) len;
	verdict = utf8 ? parse_with_postgres(text, len) : JSON_INVALID_TOKEN;
	if (!accepted)
	{
		expect(verdict != JSON_SUCCESS || depth_of(text, len) > DBAAS_JSON_MAX_DEPTH,
			   psprintf("it is JSON, and is refused: %s", problem));
	}
	else
	{
		/* PostgreSQL refuses a NUL in any string, we in a name alone */
		expect(verdict == JSON_SUCCESS ||
			   (verdict == JSON_UNICODE_CODE_POINT_ZERO && has_nul_escape(text)),
			   "it is not JSON, and is read");
		expect(ours->size <= DBAAS_JSON_ALL_NODES(len), "the number of nodes");
		if (!lost_by_json_c(ours))
			check_values(ours);
	}
	return accepted;
}

static bool
check_copy(const char *text, size_t len)
{
	/* Exactly as long, so that a sanitizer sees who reads on */
	char	   *copy = malloc(len + 1);
	bool		accepted;

	if (copy == NULL)
		abort();
	memcpy(copy, text, len);
	copy[len] = '\0';
	accepted = check(copy, len);
	free_all();
	free(copy);
	return accepted;
}

#ifdef FUZZER

extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size < 1024 * 1024)
		check_copy((const char *) data, size);
	return 0;
}

#else

/* ------------------------------------------------------------------------
 * Random changes
 * ------------------------------------------------------------------------ */

#define MAX_TEXT 65536
#define MAX_TEXTS 256

typedef struct Text
{
	char	   *text;
	size_t		len;
} Text;

static Text texts[MAX_TEXTS];
static int	ntexts;
static pg_prng_state prng;

#define OPENING_64 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define CLOSING_64 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

static const char *const seeds[] = {
	"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"},\"a\":-0.5e-7}",
	"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\","
	" \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]",
	"{\"\\u0061\\/b\":{\"\":[[],{},[{}]]}, \"\\u0061\":0}",
	"[0,-0,1,-1,9223372036854775807,-9223372036854775808,18446744073709551615,"
	"1234567890123456789012345]",
	"[0.0,1.5,-2.25e10,1E+2,1e-2,0.1234567890123456789e05,1234567890123456789e00,1e400,-1e-400,"
	"0e5]",
	" \t\r\n{ \"x\" : [ 1 , 2 ] , \"y\" : \"\\u0000\" } ",
	"\"alone\"", "17", "true", "null",
	OPENING_64 CLOSING_64,
};

static const char *const tokens[] = {
	"{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud83d", "\\ude00", "\\u00", "\\x",
	"\\/", "/",
	"-", "+", ".", "e", "E", "0", "00", "01", "1.", ".5", "1e", "-0", "1e5", "NaN", "Infinity",
	"-Infinity",
	"true", "false", "null", "tru", "TRUE", "'", " ", "\n", "\t", "\r", "\f", "\v", "\x01",
	"\x7f", "\x80",
	"\xc0\x80", "\xc3\xa9", "\xed\xa0\x80", "\xf0\x9f\x98\x80", "\xf4\x90\x80\x80",
	"\xef\xbb\xbf", "\xe2\x82",
	"//", "/*", "*/", "\"a\":1,", "[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]", "{\"a\":", "\"\":",
	"12345678901234567890", "0.1234567890123456789e05", "\"\\ud83d\\ude00\"",
};

static size_t
pick(size_t n)
{
	return n == 0 ? 0 : pg_prng_uint64_range(&prng, 0, n - 1);
}

static void
add_text(const char *text, size_t len)
{
	if (ntexts == MAX_TEXTS || len == 0 || len > MAX_TEXT)
		return;
	texts[ntexts].text = malloc(len);
	memcpy(texts[ntexts].text, text, len);
	texts[ntexts++].len = len;
}

static void
add_file(const char *name)
{
	static char text[MAX_TEXT + 1];
	FILE	   *file = fopen(name, "r");

	if (file == NULL)
	{
		perror(name);
		exit(2);
	}
	add_text(text, fread(text, 1, sizeof(text), file));
	fclose(file);
}

/* Puts len bytes in the place of "gone" ones. */
static void
splice(char *text, size_t *text_len, size_t at, size_t gone, const char *with, size_t len)
{
	gone = Min(gone, *text_len - at);
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
	const char *token;
	size_t		from;
	size_t		n;

	switch (pick(5))
	{
		case 0:
			if (at < *len)
				text[at] ^= 1 << pick(8);
			break;
		case 1:
			splice(text, len, at, 1 + pick(pick(4) ? 3 : 40), "", 0);
			break;
		case 2:
			token = tokens[pick(lengthof(tokens))];
			splice(text, len, at, pick(3), token, strlen(token));
			break;
		case 3:
			/* A part of itself again */
			from = pick(*len);
			n = pick(40);
			n = Min(n, *len - from);
			memcpy(piece, text + from, n);
			splice(text, len, at, pick(3), piece, n);
			break;
		case 4:
			other = &texts[pick(ntexts)];
			from = pick(other->len);
			n = pick(40);
			n = Min(n, other->len - from);
			splice(text, len, at, pick(20), other->text + from, n);
			break;
	}
}

/* ------------------------------------------------------------------------
 * Where json-c, strict as it can be, is not of our opinion
 * ------------------------------------------------------------------------ */

static const char *const read_by_both[] = {
	"\"\x7f\"", "\"\\u0000\"", "18446744073709551616", "-9223372036854775809", "1e400", "-1e400",
	"-0", "{\"a\":1,\"a\":2}", OPENING_64 CLOSING_64
};

/*
 * What json-c reads and RFC 8259 does not allow: NaN and infinities, single
 * quotes, control characters in strings, half surrogate pairs, zeros before a
 * number, a point without digits, bytes that are not UTF-8.  The NUL in a name
 * and the depth are bounds of our own.
 */
static const char *const read_by_json_c[] = {
	"NaN", "[NaN]", "Infinity", "-Infinity", "[-Infinity]", "{'a':1}", "\"\x01\"", "\"a\nb\"",
	"{\"\\u0000\":1}", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\ud83d\"", "\"\\ud83d\\u0041\"",
	"-01", "00", "1.", "1.e5", "\"\xc0\x80\"", "\"\xe9\"", "\"\xed\xa0\x80\"",
	"\"\xf4\x90\x80\x80\"", "\"\xff\"", "[" OPENING_64 CLOSING_64 "]"
};

static const char *const read_by_none[] = {
	"-NaN", "'a'", "{a:1}", "[1] x", "[1]]", "1 2", "[1,]", "{\"a\":1,}", "", "   ", "[", "\"a",
	"\"\\u00e\"", "\"\\x41\"", "\"\\'\"", "01", "+1", ".5", "1e", "1e+", "-", "--1", "0x10",
	"TRUE", "True", "nul", "nullx", "tru", "/* c */ 1", "1 // c", "\xef\xbb\xbf" "1",
	"\xc2\xa0\"a\"", "\f1", "\v1", "{\"a\"}", "{\"a\":}", "[1 2]", "{1:2}", "[,1]", ",",
	"[[[" OPENING_64 CLOSING_64 "]]]"
};

static bool
is_read_by_json_c(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DBAAS_JSON_MAX_DEPTH + 2);
	bool		read;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json_object_put(json_tokener_parse_ex(tokener, text, strlen(text) + 1));
	read = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	return read;
}

static void
check_verdicts(const char *const *list, size_t n, bool ours, bool json_c)
{
	for (size_t i = 0; i < n; i++)
	{
		expect(check_copy(list[i], strlen(list[i])) == ours, ours ? "it is refused" : "it is read");
		checked = list[i];
		checked_len = strlen(list[i]);
		/* A later json-c may be stricter. */
		if (strcmp(JSON_C_VERSION, "0.16") == 0)
			expect(is_read_by_json_c(list[i]) == json_c,
				   json_c ? "json-c refuses it" : "json-c reads it");
	}
}

/* A long answer, during which interrupts are served. */
static void
check_long(void)
{
	size_t		n = 100000;
	char	   *text = malloc(2 * n + 2);

	for (size_t i = 0; i < n; i++)
	{
		text[2 * i] = i == 0 ? '[' : ',';
		text[2 * i + 1] = '1';
	}
	text[2 * n] = ']';
	expect(check_copy(text, 2 * n + 1), "a long text is not JSON");
	free(text);
}

int
main(int argc, char **argv)
{
	static char text[MAX_TEXT + 1];
	long		count = argc > 2 ? atol(argv[2]) : 0;
	long		read = 0;

	if (count <= 0)
	{
		fprintf(stderr, "usage: reader SEED COUNT [FILE...]\n");
		return 2;
	}
	check_verdicts(read_by_both, lengthof(read_by_both), true, true);
	check_verdicts(read_by_json_c, lengthof(read_by_json_c), false, true);
	check_verdicts(read_by_none, lengthof(read_by_none), false, false);
	check_long();
	pg_prng_seed(&prng, strtoull(argv[1], NULL, 10));
	for (size_t i = 0; i < lengthof(seeds); i++)
	{
		add_text(seeds[i], strlen(seeds[i]));
		expect(check_copy(seeds[i], strlen(seeds[i])), "a text to start from is not JSON");
	}
	for (int i = 3; i < argc; i++)
		add_file(argv[i]);
	for (long i = 0; i < count; i++)
	{
		const Text *from = &texts[pick(ntexts)];
		size_t		len = from->len;

		memcpy(text, from->text, len);
		for (size_t n = pick(4); n > 0; n--)
			change(text, &len);
		read += check_copy(text, len);
	}
	printf("%ld texts: %ld read, %ld refused\n", count, read, count - read);
	return 0;
}

#endif							/* FUZZER */
