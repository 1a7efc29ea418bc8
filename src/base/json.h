/*-------------------------------------------------------------------------
 *
 * json.h
 *		A JSON reader that parses in one pass and copies nothing.
 *
 * Follows RFC 8259.  Parsing checks the text and makes an array of nodes: one for
 * each value and one for each name of a member, in the order of the text.  Nodes
 * point into the text, which has to outlive them; values are copied and converted
 * only when a function below is called for one.  Knows nothing of the API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_JSON_H
#define DBAAS_JSON_H

#include "base/buffer.h"

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
 * A value, or the name of a member, whose value is the next node.  Behind an array
 * or object come the nodes of all that it holds.
 */
typedef struct DbaasJson
{
	const char *text;			/* of a string: behind its quote */
	uint32		len;			/* bytes; of a string: without its quotes */
	uint32		type:3;			/* a DbaasJsonType */
	uint32		escaped:1;		/* a string that has escapes */
	uint32		size:28;		/* nodes of the value and of all that it holds */
} DbaasJson;

/* Objects and arrays may be nested this deep. */
#define DBAAS_JSON_MAX_DEPTH 64

/* Texts up to this many bytes are read without serving interrupts. */
#define DBAAS_JSON_SHORT (63 * 1024)

/* The most nodes that a text of len bytes can need. */
#define DBAAS_JSON_ALL_NODES(len) ((len) / 2 + 1)

/*
 * Parses a text of len bytes, and stores its first node in *value.  The nodes are in
 * the memory context cxt and take 16 bytes each.  Returns false when the text is not
 * one JSON value in UTF-8, is nested deeper than DBAAS_JSON_MAX_DEPTH, or needs more
 * than max_nodes; *problem then says why, palloc'd.  Half a surrogate pair is an
 * error, and so is a NUL in a name.
 *
 * Serves interrupts, so it can raise an error; with len up to DBAAS_JSON_SHORT
 * it does not.
 */
extern bool dbaas_json_parse(MemoryContext cxt, const char *text, size_t len, size_t max_nodes,
							 const DbaasJson **value, char **problem);

/*
 * The same, with the nodes in a buffer, which has to outlive them.  What the buffer
 * held is lost.  *problem is NULL when there is no memory.
 */
extern bool dbaas_json_parse_into(DbaasBuffer *buffer, const char *text, size_t len,
								  size_t max_nodes, const DbaasJson **value, char **problem);

/* Is the value of that type?  False for NULL. */
extern bool dbaas_json_is(const DbaasJson *value, DbaasJsonType type);

/* Name of a value's type: "string", "integer", ...; "null" for NULL. */
extern const char *dbaas_json_type_name(const DbaasJson *value);

/*
 * Iterate over the values of an array, or over the names of an object's members;
 * the value of a name is the next node.  Return NULL at the end.
 */
extern const DbaasJson *dbaas_json_first(const DbaasJson *container);
extern const DbaasJson *dbaas_json_next(const DbaasJson *container, const DbaasJson *item);

/* Number of values of an array, or of members of an object; iterates over them. */
extern int64 dbaas_json_count(const DbaasJson *container);

/* The value, or NULL when it is JSON's null. */
extern const DbaasJson *dbaas_json_unless_null(const DbaasJson *value);

/*
 * Value of the member of that name of an object; NULL when it is absent or
 * null, or when there is no object.  Of several, the last counts.
 */
extern const DbaasJson *dbaas_json_member(const DbaasJson *object, const char *name);

/*
 * Does an object have a member of that name?  If so, *value becomes its value, or
 * NULL when that is null.
 */
extern bool dbaas_json_find(const DbaasJson *object, const char *name, const DbaasJson **value);

/* The member's value, if it is a string without NUL characters, palloc'd; else NULL. */
extern char *dbaas_json_member_string(const DbaasJson *object, const char *name);

/*
 * A string's characters in UTF-8, palloc'd, with a NUL behind them.  They may
 * contain NULs; *len, if it is not NULL, becomes their length in bytes.
 */
extern char *dbaas_json_string(const DbaasJson *string, size_t *len);

/* dbaas_json_string() of a value; NULL unless it is a string without NUL characters. */
extern char *dbaas_json_plain_string(const DbaasJson *value);

/* Is the value that string?  False for NULL. */
extern bool dbaas_json_equals(const DbaasJson *value, const char *string);

/* The JSON text of a value, as it was written, palloc'd. */
extern char *dbaas_json_text(const DbaasJson *value);

/* Replaces, in a JSON text, the escapes of non-ASCII characters by UTF-8.  Changes it in place. */
extern void dbaas_json_decode_non_ascii(char *text);

/*
 * The JSON text of a value without white space outside of strings and without
 * escapes of slashes, palloc'd.
 */
extern char *dbaas_json_compact(const DbaasJson *value);

#endif							/* DBAAS_JSON_H */
