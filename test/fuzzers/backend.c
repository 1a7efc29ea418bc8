/*-------------------------------------------------------------------------
 *
 * backend.c
 *		What the wrapper's files need of a backend, where there is none.
 *
 * Memory is malloc's, in the place of memory contexts, so that a sanitizer sees every
 * byte that is read.  The functions here do what PostgreSQL's do, as far as it matters
 * to the fuzzers.  Whatever else of a backend is linked for is at address 0: a fuzzer
 * that reaches it crashes, and tells from where.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <setjmp.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "backend.h"

/* ------------------------------------------------------------------------
 * Memory
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
MemoryContext TopMemoryContext = NULL;
MemoryContext CacheMemoryContext = NULL;

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
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	void	   *pointer = MemoryContextAlloc(context, size);

	return flags & MCXT_ALLOC_ZERO ? memset(pointer, 0, size) : pointer;
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return MemoryContextAllocExtended(context, size, MCXT_ALLOC_ZERO);
}

char *
MemoryContextStrdup(MemoryContext context, const char *string)
{
	return pstrdup(string);
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size minContextSize,
							  Size initBlockSize, Size maxBlockSize)
{
	return NULL;
}

void
MemoryContextDelete(MemoryContext context)
{
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
pnstrdup(const char *in, Size len)
{
	char	   *copy;

	len = strnlen(in, len);
	copy = memcpy(palloc(len + 1), in, len);
	copy[len] = '\0';
	return copy;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

void
backend_free(void)
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
 * Interrupts and errors
 * ------------------------------------------------------------------------ */

volatile sig_atomic_t InterruptPending = true;
uint32		backend_interrupts;

ErrorContextCallback *error_context_stack = NULL;
sigjmp_buf *PG_exception_stack = NULL;
char		backend_error[65536];

static size_t error_len;

void
ProcessInterrupts(void)
{
	backend_interrupts++;
}

bool
errstart(int elevel, const char *domain)
{
	error_len = 0;
	backend_error[0] = '\0';
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (PG_exception_stack == NULL)
		abort();
	siglongjmp(*PG_exception_stack, 1);
}

int
errcode(int sqlerrcode)
{
	return 0;
}

#define ADD_TEXT(function) \
int \
function(const char *fmt,...) \
{ \
	va_list		args; \
\
	va_start(args, fmt); \
	vsnprintf(backend_error + error_len, sizeof(backend_error) - error_len, fmt, args); \
	va_end(args); \
	error_len += strlen(backend_error + error_len); \
	return 0; \
}

ADD_TEXT(errmsg)
ADD_TEXT(errmsg_internal)
ADD_TEXT(errdetail)
ADD_TEXT(errdetail_internal)
ADD_TEXT(errhint)

bool
backend_call(void (*function) (void *arg), void *arg)
{
	sigjmp_buf	buffer;
	bool		done = false;

	PG_exception_stack = &buffer;
	if (sigsetjmp(buffer, 0) == 0)
	{
		function(arg);
		done = true;
	}
	PG_exception_stack = NULL;
	error_context_stack = NULL;
	return done;
}

/* ------------------------------------------------------------------------
 * Texts and lists
 * ------------------------------------------------------------------------ */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

int
pg_get_client_encoding(void)
{
	return PG_UTF8;
}

List *
lappend(List *list, void *datum)
{
	if (list == NIL)
	{
		list = palloc0(sizeof(List));
		list->type = T_List;
	}
	list->elements = repalloc(list->elements, (list->length + 1) * sizeof(ListCell));
	list->elements[list->length++].ptr_value = datum;
	return list;
}

void
escape_json(StringInfo buf, const char *str)
{
	appendStringInfoChar(buf, '"');
	for (; *str; str++)
	{
		if (*str == '"' || *str == '\\')
			appendStringInfo(buf, "\\%c", *str);
		else if ((unsigned char) *str < ' ')
			appendStringInfo(buf, "\\u%04x", *str);
		else
			appendStringInfoChar(buf, *str);
	}
	appendStringInfoChar(buf, '"');
}

int
varstr_levenshtein_less_equal(const char *source, int slen, const char *target, int tlen,
							  int ins_c, int del_c, int sub_c, int max_d, bool trusted)
{
	return strncmp(source, target, 3) == 0 ? 1 : max_d + 1;
}
