/*-------------------------------------------------------------------------
 *
 * json.c
 *		A JSON reader that parses in one pass and copies nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/json.h"

/* Nodes that are read between two checks for interrupts. */
#define NODES_PER_INTERRUPT 4096

/* Nodes that memory is allocated for at first, at least and at most. */
#define FIRST_NODES 64
#define MOST_FIRST_NODES 8192

/* The largest DbaasJson.size. */
#define MAX_NODES ((1 << 28) - 1)

typedef struct Parser
{
	const char *text;
	const char *p;				/* next byte */
	const char *end;
	bool		interruptible;
	DbaasBuffer *buffer;		/* where the nodes are; NULL: palloc'd */
	DbaasJson  *nodes;
	size_t		nnodes;
	size_t		allocated;		/* nodes that there is memory for */
	size_t		max_nodes;
	const char *syntax_error;	/* where it is; or NULL */
	const char *problem;		/* any other error; or NULL */
	bool		no_memory;
} Parser;

/* What may come next. */
typedef enum Expected
{
	VALUE,
	VALUE_OR_END,				/* the first of an array */
	NAME,
	NAME_OR_END,				/* the first of an object */
	COMMA_OR_END,
	NOTHING						/* the text is at its end */
} Expected;

static inline void
skip_space(Parser *parser)
{
	while (parser->p < parser->end &&
		   (*parser->p == ' ' || *parser->p == '\n' || *parser->p == '\t' || *parser->p == '\r'))
		parser->p++;
}

/* Notes a syntax error at p. */
static inline bool
fail(Parser *parser)
{
	parser->syntax_error = parser->p;
	return false;
}

/* Makes room for more nodes; false when there are too many, or no memory. */
static bool
add_room(Parser *parser)
{
	size_t		wanted = Min(Max(parser->allocated * 2, FIRST_NODES), parser->max_nodes);

	/* Nodes often take about as much memory as their text. */
	if (parser->allocated == 0)
		wanted = Min(Max(wanted, Min((parser->end - parser->text) / sizeof(DbaasJson),
									 MOST_FIRST_NODES)), parser->max_nodes);
	if (parser->allocated >= parser->max_nodes)
	{
		parser->problem = "it holds too many values for option max_response_bytes";
		return false;
	}
	if (parser->buffer)
	{
		if (!dbaas_buffer_reserve(parser->buffer, wanted * sizeof(DbaasJson)))
		{
			parser->no_memory = true;
			return false;
		}
		parser->nodes = (DbaasJson *) parser->buffer->data;
		wanted = Min(parser->buffer->size / sizeof(DbaasJson), parser->max_nodes);
	}
	else
		parser->nodes = repalloc_huge(parser->nodes, wanted * sizeof(DbaasJson));
	parser->allocated = wanted;
	return true;
}

/* Adds a node; NULL when there is no room for it. */
static inline DbaasJson *
add_node(Parser *parser, DbaasJsonType type)
{
	DbaasJson  *node;

	if (parser->nnodes == parser->allocated && !add_room(parser))
		return NULL;
	if (parser->interruptible && parser->nnodes % NODES_PER_INTERRUPT == 0)
		CHECK_FOR_INTERRUPTS();
	node = &parser->nodes[parser->nnodes++];
	node->text = parser->p;
	node->len = 0;
	node->type = type;
	node->escaped = false;
	node->size = 1;
	return node;
}

/* ------------------------------------------------------------------------
 * Strings
 * ------------------------------------------------------------------------ */

static inline int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
		c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code unit of the \uXXXX escape at p, or -1 when there is none. */
static int
escaped_unit(const char *p, const char *end)
{
	int			unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++)
	{
		int			digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static inline bool
is_high_surrogate(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool
is_low_surrogate(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Moves p behind the escape that it points to; false when that is not allowed. */
static bool
skip_escape(Parser *parser, bool is_name)
{
	int			unit;

	if (parser->end - parser->p < 2)
	{
		parser->p = parser->end;
		return fail(parser);
	}
	if (parser->p[1] != 'u')
	{
		if (parser->p[1] == '\0' || strchr("\"\\/bfnrt", parser->p[1]) == NULL)
			return fail(parser);
		parser->p += 2;
		return true;
	}
	unit = escaped_unit(parser->p, parser->end);
	if (unit < 0 || is_low_surrogate(unit) || (unit == 0 && is_name) ||
		(is_high_surrogate(unit) &&
		 !is_low_surrogate(escaped_unit(parser->p + 6, parser->end))))
		return fail(parser);
	parser->p += is_high_surrogate(unit) ? 12 : 6;
	return true;
}

/* Moves p behind the non-ASCII character that it points to; false when that is not UTF-8. */
static bool
skip_multibyte(Parser *parser)
{
	int			n = pg_utf_mblen((const unsigned char *) parser->p);

	if (n == 1 || parser->end - parser->p < n ||
		!pg_utf8_islegal((const unsigned char *) parser->p, n))
		return fail(parser);
	parser->p += n;
	return true;
}

/* Is one of the eight bytes at p a quote, a backslash, a control character, or not ASCII? */
static inline bool
has_special(const char *p)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return ((bytes | (bytes - ones * 0x20) | ((bytes ^ ones * '"') - ones) |
			 ((bytes ^ ones * '\\') - ones)) & ones * 0x80) != 0;
}

/* Reads the string at p, which is a quote. */
static bool
read_string(Parser *parser, bool is_name)
{
	DbaasJson  *node;
	const char *p = ++parser->p;
	const char *end = parser->end;

	node = add_node(parser, DBAAS_JSON_STRING);
	if (node == NULL)
		return false;
	for (;;)
	{
		while (end - p >= (ptrdiff_t) sizeof(uint64) && !has_special(p))
			p += sizeof(uint64);
		while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20 &&
			   !IS_HIGHBIT_SET(*p))
			p++;
		parser->p = p;
		if (p == end)
			return fail(parser);
		if (*p == '"')
			break;
		if (*p == '\\')
		{
			node->escaped = true;
			if (!skip_escape(parser, is_name))
				return false;
		}
		else if (!IS_HIGHBIT_SET(*p))
			return fail(parser);
		else if (!skip_multibyte(parser))
			return false;
		p = parser->p;
	}
	node->len = p - node->text;
	parser->p = p + 1;
	return true;
}

/* ------------------------------------------------------------------------
 * Other scalars
 * ------------------------------------------------------------------------ */

/* Moves p behind the digits that it points to; false when there are none. */
static inline bool
skip_digits(Parser *parser)
{
	const char *start = parser->p;

	while (parser->p < parser->end && *parser->p >= '0' && *parser->p <= '9')
		parser->p++;
	return parser->p > start ? true : fail(parser);
}

static bool
read_number(Parser *parser)
{
	DbaasJson  *node = add_node(parser, DBAAS_JSON_INTEGER);

	if (node == NULL)
		return false;
	if (*parser->p == '-')
		parser->p++;
	if (parser->p < parser->end && *parser->p == '0')
		parser->p++;
	else if (!skip_digits(parser))
		return false;
	if (parser->p < parser->end && *parser->p == '.')
	{
		node->type = DBAAS_JSON_NUMBER;
		parser->p++;
		if (!skip_digits(parser))
			return false;
	}
	if (parser->p < parser->end && (*parser->p == 'e' || *parser->p == 'E'))
	{
		node->type = DBAAS_JSON_NUMBER;
		parser->p++;
		if (parser->p < parser->end && (*parser->p == '+' || *parser->p == '-'))
			parser->p++;
		if (!skip_digits(parser))
			return false;
	}
	node->len = parser->p - node->text;
	return true;
}

static bool
read_word(Parser *parser, const char *word, DbaasJsonType type)
{
	size_t		len = strlen(word);
	DbaasJson  *node = add_node(parser, type);

	if (node == NULL)
		return false;
	for (size_t i = 0; i < len; i++, parser->p++)
	{
		if (parser->p == parser->end || *parser->p != word[i])
			return fail(parser);
	}
	node->len = len;
	return true;
}

static bool
read_scalar(Parser *parser)
{
	switch (*parser->p)
	{
		case '"':
			return read_string(parser, false);
		case 't':
			return read_word(parser, "true", DBAAS_JSON_BOOLEAN);
		case 'f':
			return read_word(parser, "false", DBAAS_JSON_BOOLEAN);
		case 'n':
			return read_word(parser, "null", DBAAS_JSON_NULL);
		case '-':
		case '0':
		case '1':
		case '2':
		case '3':
		case '4':
		case '5':
		case '6':
		case '7':
		case '8':
		case '9':
			return read_number(parser);
		default:
			return fail(parser);
	}
}

/* ------------------------------------------------------------------------
 * Objects, arrays, and the text as a whole
 * ------------------------------------------------------------------------ */

/* Reads the name of a member, and the colon behind it. */
static bool
read_name(Parser *parser)
{
	if (parser->p == parser->end || *parser->p != '"')
		return fail(parser);
	if (!read_string(parser, true))
		return false;
	skip_space(parser);
	if (parser->p == parser->end || *parser->p != ':')
		return fail(parser);
	parser->p++;
	return true;
}

static bool
read_text(Parser *parser)
{
	size_t		open[DBAAS_JSON_MAX_DEPTH]; /* indexes of nodes */
	int			depth = 0;
	Expected	expected = VALUE;

	for (;;)
	{
		DbaasJson  *container = depth > 0 ? &parser->nodes[open[depth - 1]] : NULL;
		char		closing = container && container->type == DBAAS_JSON_OBJECT ? '}' : ']';
		bool		closes;

		skip_space(parser);
		if (expected == NOTHING)
			return parser->p == parser->end ? true : fail(parser);
		if (parser->p == parser->end)
			return fail(parser);

		closes = container && *parser->p == closing && expected != VALUE && expected != NAME;
		if (closes)
		{
			parser->p++;
			container->len = parser->p - container->text;
			container->size = parser->nnodes - open[--depth];
		}
		else if (expected == COMMA_OR_END)
		{
			if (*parser->p != ',')
				return fail(parser);
			parser->p++;
			expected = closing == '}' ? NAME : VALUE;
			continue;
		}
		else if (expected == NAME || expected == NAME_OR_END)
		{
			if (!read_name(parser))
				return false;
			expected = VALUE;
			continue;
		}
		else if (*parser->p == '{' || *parser->p == '[')
		{
			bool		object = *parser->p == '{';

			if (depth == DBAAS_JSON_MAX_DEPTH)
			{
				parser->problem = "its arrays and objects lie too deep in each other";
				return false;
			}
			if (add_node(parser, object ? DBAAS_JSON_OBJECT : DBAAS_JSON_ARRAY) == NULL)
				return false;
			open[depth++] = parser->nnodes - 1;
			parser->p++;
			expected = object ? NAME_OR_END : VALUE_OR_END;
			continue;
		}
		else if (!read_scalar(parser))
			return false;
		expected = depth > 0 ? COMMA_OR_END : NOTHING;
	}
}

/* Parses parser->text, as dbaas_json_parse() does. */
static bool
parse(Parser *parser, size_t len, const DbaasJson **value, char **problem)
{
	*value = NULL;
	*problem = NULL;
	parser->p = parser->text;
	parser->end = parser->text + len;
	parser->interruptible = len > DBAAS_JSON_SHORT;
	parser->max_nodes = Min(parser->max_nodes, MAX_NODES);
	if (len > PG_UINT32_MAX)
		*problem = pstrdup("it is too long");
	else if (read_text(parser))
		*value = parser->nodes;
	else if (!parser->no_memory)
		*problem = parser->problem ? pstrdup(parser->problem) :
			parser->syntax_error == parser->end ?
			psprintf("it ends too early, after %zu bytes", len) :
			psprintf("syntax error near byte %zu",
					 (size_t) (parser->syntax_error - parser->text));
	return *value != NULL;
}

bool
dbaas_json_parse(MemoryContext cxt, const char *text, size_t len, size_t max_nodes,
				 const DbaasJson **value, char **problem)
{
	Parser		parser = {
		.text = text,
		.max_nodes = max_nodes,
		.allocated = Min(FIRST_NODES, max_nodes)
	};

	parser.nodes = MemoryContextAlloc(cxt, Max(parser.allocated, 1) * sizeof(DbaasJson));
	if (parse(&parser, len, value, problem))
		return true;
	pfree(parser.nodes);
	return false;
}

bool
dbaas_json_parse_into(DbaasBuffer *buffer, const char *text, size_t len, size_t max_nodes,
					  const DbaasJson **value, char **problem)
{
	Parser		parser = {
		.text = text,
		.max_nodes = max_nodes,
		.buffer = buffer
	};

	return parse(&parser, len, value, problem);
}

/* ------------------------------------------------------------------------
 * Reading the nodes
 * ------------------------------------------------------------------------ */

bool
dbaas_json_is(const DbaasJson *value, DbaasJsonType type)
{
	return value && value->type == type;
}

const char *
dbaas_json_type_name(const DbaasJson *value)
{
	static const char *const names[] = {
		[DBAAS_JSON_NULL] = "null",
		[DBAAS_JSON_BOOLEAN] = "boolean",
		[DBAAS_JSON_INTEGER] = "integer",
		[DBAAS_JSON_NUMBER] = "number",
		[DBAAS_JSON_STRING] = "string",
		[DBAAS_JSON_ARRAY] = "array",
		[DBAAS_JSON_OBJECT] = "object"
	};

	return names[value ? value->type : DBAAS_JSON_NULL];
}

const DbaasJson *
dbaas_json_first(const DbaasJson *container)
{
	return container->size > 1 ? container + 1 : NULL;
}

const DbaasJson *
dbaas_json_next(const DbaasJson *container, const DbaasJson *item)
{
	/* A name is one node; its value comes next. */
	if (container->type == DBAAS_JSON_OBJECT)
		item++;
	item += item->size;
	return item < container + container->size ? item : NULL;
}

int64
dbaas_json_count(const DbaasJson *container)
{
	int64		n = 0;

	for (const DbaasJson *item = dbaas_json_first(container); item;
		 item = dbaas_json_next(container, item))
		n++;
	return n;
}

const DbaasJson *
dbaas_json_unless_null(const DbaasJson *value)
{
	return value && value->type != DBAAS_JSON_NULL ? value : NULL;
}

bool
dbaas_json_find(const DbaasJson *object, const char *name, const DbaasJson **value)
{
	bool		found = false;
	size_t		len = strlen(name);

	if (!dbaas_json_is(object, DBAAS_JSON_OBJECT))
		return false;
	for (const DbaasJson *item = dbaas_json_first(object); item;
		 item = dbaas_json_next(object, item))
	{
		if (item->escaped ? !dbaas_json_equals(item, name) :
			item->len != len || memcmp(item->text, name, len) != 0)
			continue;
		*value = dbaas_json_unless_null(item + 1);
		found = true;
	}
	return found;
}

const DbaasJson *
dbaas_json_member(const DbaasJson *object, const char *name)
{
	const DbaasJson *value = NULL;

	return dbaas_json_find(object, name, &value) ? value : NULL;
}

char *
dbaas_json_member_string(const DbaasJson *object, const char *name)
{
	return dbaas_json_plain_string(dbaas_json_member(object, name));
}

/*
 * Writes the character that the escape at p stands for to *to, and moves *to behind
 * it.  Returns where the escape ends.
 */
static const char *
unescape(const char *p, const char *end, char **to)
{
	static const char escapes[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *found;
	pg_wchar	code;

	if (p[1] != 'u')
	{
		found = strchr(escapes, p[1]);
		*(*to)++ = found ? meanings[found - escapes] : p[1];
		return p + 2;
	}
	code = escaped_unit(p, end);
	p += 6;
	if (is_high_surrogate(code))
	{
		code = 0x10000 + ((code & 0x3ff) << 10) + (escaped_unit(p, end) & 0x3ff);
		p += 6;
	}
	unicode_to_utf8(code, (unsigned char *) *to);
	*to += pg_utf_mblen((unsigned char *) *to);
	return p;
}

char *
dbaas_json_string(const DbaasJson *string, size_t *len)
{
	/* An escape is never shorter than its character. */
	char	   *out = palloc_extended((Size) string->len + 1, MCXT_ALLOC_HUGE);
	char	   *to = out;
	const char *end = string->text + string->len;

	if (!string->escaped)
	{
		memcpy(to, string->text, string->len);
		to += string->len;
	}
	else
	{
		for (const char *p = string->text; p < end;)
		{
			if (*p == '\\')
				p = unescape(p, end, &to);
			else
				*to++ = *p++;
		}
	}
	*to = '\0';
	if (len)
		*len = to - out;
	return out;
}

void
dbaas_json_decode_non_ascii(char *text)
{
	const char *end = text + strlen(text);
	char	   *to = text;

	for (const char *p = text; p < end;)
	{
		if (*p == '\\' && escaped_unit(p, end) >= 0x80)
			p = unescape(p, end, &to);
		else
		{
			if (*p == '\\')
				*to++ = *p++;
			*to++ = *p++;
		}
	}
	*to = '\0';
}

char *
dbaas_json_plain_string(const DbaasJson *value)
{
	size_t		len;
	char	   *string;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING))
		return NULL;
	string = dbaas_json_string(value, &len);
	if (strlen(string) == len)
		return string;
	pfree(string);
	return NULL;
}

bool
dbaas_json_equals(const DbaasJson *value, const char *string)
{
	char	   *characters;
	size_t		len;
	bool		equal;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING))
		return false;
	if (!value->escaped)
		return value->len == strlen(string) && memcmp(value->text, string, value->len) == 0;
	characters = dbaas_json_string(value, &len);
	equal = len == strlen(string) && memcmp(characters, string, len) == 0;
	pfree(characters);
	return equal;
}

/* The text of a value; that of a string has its quotes. */
static const char *
whole_text(const DbaasJson *value, size_t *len)
{
	bool		string = value->type == DBAAS_JSON_STRING;

	*len = value->len + (string ? 2 : 0);
	return value->text - (string ? 1 : 0);
}

char *
dbaas_json_text(const DbaasJson *value)
{
	size_t		len;
	const char *text = whole_text(value, &len);
	char	   *out = palloc_extended(len + 1, MCXT_ALLOC_HUGE);

	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

char *
dbaas_json_compact(const DbaasJson *value)
{
	char	   *out = dbaas_json_text(value);
	char	   *to = out;
	bool		in_string = false;

	for (const char *p = out; *p; p++)
	{
		if (!in_string && strchr(" \n\t\r", *p))
			continue;
		if (*p == '"')
			in_string = !in_string;
		if (in_string && *p == '\\')
		{
			/* Copies an escape as it is, except for that of a slash. */
			if (p[1] != '/')
				*to++ = *p;
			p++;
		}
		*to++ = *p;
	}
	*to = '\0';
	return out;
}
