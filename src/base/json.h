/*-------------------------------------------------------------------------
 *
 * json.h
 *		Reading JSON: one look at each byte, and a tape of what was found.
 *
 * Follows RFC 8259.  The text is checked and read in one pass, which leaves a
 * node for each value and each name of a member, in the order of the text.
 * Nodes point into the text, which has to outlive them; nothing is copied or
 * converted before it is asked for.  Knows nothing of the API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_JSON_H
#define DBAAS_JSON_H

typedef enum DbaasJsonType
{
	DBAAS_JSON_NULL,
	DBAAS_JSON_BOOLEAN,
	DBAAS_JSON_INTEGER,			/* a number without fraction and exponent */
	DBAAS_JSON_NUMBER,
	DBAAS_JSON_STRING,
	DBAAS_JSON_ARRAY,
	DBAAS_JSON_OBJECT
} DbaasJsonType;

/*
 * A value, or the name of a member, whose value is the node behind it.  The
 * nodes of what an array or object holds follow it.
 */
typedef struct DbaasJson
{
	const char *text;			/* of a string: behind its quote */
	uint32		len;			/* bytes; of a string: without its quotes */
	uint32		type:3;			/* a DbaasJsonType */
	uint32		escaped:1;		/* a string that has escapes */
	uint32		size:28;		/* nodes, with all that it holds */
} DbaasJson;

/* Objects and arrays may lie this deep in each other. */
#define DBAAS_JSON_MAX_DEPTH 64

/* A text up to this long is read without serving interrupts. */
#define DBAAS_JSON_SHORT (63 * 1024)

/* Nodes that are enough for a text of len bytes, whatever it holds. */
#define DBAAS_JSON_ALL_NODES(len) ((len) / 2 + 1)

/*
 * Reads the text of len bytes.  The nodes belong to the memory context cxt and
 * need 16 bytes each; there are at most max_nodes.  Returns false when the text
 * is not one JSON value in UTF-8, lies deeper than DBAAS_JSON_MAX_DEPTH, or
 * holds more values; *problem then says what is wrong, palloc'd.  Half a
 * surrogate pair is wrong, and so is a NUL in a name.
 *
 * Serves interrupts, so it can raise an error; with len up to DBAAS_JSON_SHORT
 * it does not.
 */
extern bool dbaas_json_parse(MemoryContext cxt, const char *text, size_t len, size_t max_nodes,
							 const DbaasJson **value, char **problem);

/* Is the value there, and of that type?  "value" may be NULL. */
extern bool dbaas_json_is(const DbaasJson *value, DbaasJsonType type);

/* Name of a value's type: "string", "integer", ...; "null" for NULL. */
extern const char *dbaas_json_type_name(const DbaasJson *value);

/*
 * The values of an array, or the names of an object's members, one after the
 * other: the first, and the one behind "item"; NULL at the end.
 */
extern const DbaasJson *dbaas_json_first(const DbaasJson *container);
extern const DbaasJson *dbaas_json_next(const DbaasJson *container, const DbaasJson *item);

/* How many there are: looks at each. */
extern int64 dbaas_json_count(const DbaasJson *container);

/* The value, or NULL when it is null. */
extern const DbaasJson *dbaas_json_unless_null(const DbaasJson *value);

/*
 * Value of the member of that name of an object; NULL when it is absent or
 * null, or when there is no object.  Of several, the last counts.
 */
extern const DbaasJson *dbaas_json_member(const DbaasJson *object, const char *name);

/*
 * Does an object have a member of that name?  *value is then its value; NULL when
 * that is null.
 */
extern bool dbaas_json_find(const DbaasJson *object, const char *name, const DbaasJson **value);

/* The value, if it is a string without NUL characters, palloc'd; else NULL. */
extern char *dbaas_json_member_string(const DbaasJson *object, const char *name);

/*
 * A string's characters, in UTF-8, palloc'd; their bytes in *len, which may be
 * NULL.  They may have NULs; behind them is one more.
 */
extern char *dbaas_json_string(const DbaasJson *string, size_t *len);

/* The same if it is a string without NUL characters; else NULL. */
extern char *dbaas_json_plain_string(const DbaasJson *value);

/* Is the value that string? */
extern bool dbaas_json_equals(const DbaasJson *value, const char *string);

/* A value's own text, as it was written, palloc'd. */
extern char *dbaas_json_text(const DbaasJson *value);

/* Writes out, in place, the escapes of such a text that stand for no ASCII. */
extern void dbaas_json_write_out(char *text);

/*
 * The same without white space between its parts and without escaped slashes,
 * palloc'd: what a request sends.
 */
extern char *dbaas_json_compact(const DbaasJson *value);

#endif							/* DBAAS_JSON_H */
