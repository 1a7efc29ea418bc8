/*-------------------------------------------------------------------------
 *
 * json.c
 *		Holds src/base/json.c to json-c, value by value, and to PostgreSQL's own
 *		JSON parser in what is JSON at all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <json-c/json.h>

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "base/json.h"

#include "backend.h"
#include "fuzzer.h"

/* ------------------------------------------------------------------------
 * The comparison
 * ------------------------------------------------------------------------ */

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
		expect(false, "json-c refuses it: %s",
			   json_tokener_error_desc(json_tokener_get_error(tokener)));
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
check_values(const char *text, size_t len, const DbaasJson *ours)
{
	struct json_object *theirs = parse_with_json_c(text, len);
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

bool
fuzzer_check(const char *text, size_t len)
{
	static DbaasBuffer buffer;
	const DbaasJson *ours;
	const DbaasJson *again;
	char	   *problem;
	bool		accepted;
	bool		utf8;
	JsonParseErrorType verdict;

	backend_interrupts = 0;
	accepted = dbaas_json_parse(NULL, text, len, DBAAS_JSON_ALL_NODES(len), &ours, &problem);
	expect(accepted == (problem == NULL), "a problem without cause");
	if (len <= DBAAS_JSON_SHORT)
		expect(backend_interrupts == 0, "an interrupt in a short text");
	else if (accepted)
		expect(backend_interrupts >= ours->size / 4096,
			   "a long text is read without serving interrupts");
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
			   "it is JSON, and is refused: %s", problem);
	}
	else
	{
		/* PostgreSQL refuses a NUL in any string, we in a name alone */
		expect(verdict == JSON_SUCCESS ||
			   (verdict == JSON_UNICODE_CODE_POINT_ZERO && has_nul_escape(text)),
			   "it is not JSON, and is read");
		expect(ours->size <= DBAAS_JSON_ALL_NODES(len), "the number of nodes");
		if (!lost_by_json_c(ours))
			check_values(text, len, ours);
	}
	backend_free();
	return accepted;
}

/* ------------------------------------------------------------------------
 * Where json-c, strict as it can be, is not of our opinion
 * ------------------------------------------------------------------------ */

#define OPENING_64 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
#define CLOSING_64 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"

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
		expect(check_copy(list[i], strlen(list[i])) == ours, "it is %s", ours ? "refused" : "read");
		/* A later json-c may be stricter. */
		if (strcmp(JSON_C_VERSION, "0.16") == 0)
			expect(is_read_by_json_c(list[i]) == json_c,
				   "json-c %s it", json_c ? "refuses" : "reads");
	}
}

/* A long answer, during which interrupts are served. */
static void
check_long(void)
{
	static char text[200001];
	size_t		n = sizeof(text) / 2;

	for (size_t i = 0; i < n; i++)
	{
		text[2 * i] = i == 0 ? '[' : ',';
		text[2 * i + 1] = '1';
	}
	text[2 * n] = ']';
	expect(check_copy(text, 2 * n + 1), "a long text is not JSON");
}

void
fuzzer_start(void)
{
	check_verdicts(read_by_both, lengthof(read_by_both), true, true);
	check_verdicts(read_by_json_c, lengthof(read_by_json_c), false, true);
	check_verdicts(read_by_none, lengthof(read_by_none), false, false);
	check_long();
}
