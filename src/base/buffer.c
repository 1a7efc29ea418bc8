/*-------------------------------------------------------------------------
 *
 * buffer.c
 *		Memory that grows, and that is kept for the next who needs some.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/mman.h>

#include "port/pg_bitutils.h"

#include "base/buffer.h"

/*
 * Buffers from this size on are mapped.  From malloc() they would be too, at first, but
 * when such memory is freed, glibc raises its limits: the next would be on the heap,
 * which then keeps up to twice as much as the largest.
 */
#define MAPPED_SIZE (128 * 1024)

/* The least and the most bytes of a buffer that is kept; malloc() itself keeps smaller ones. */
#define LEAST_KEPT (16 * 1024)
#define MOST_KEPT (1024 * 1024)

/* The most bytes of all that is kept, and in a session at rest. */
#define KEPT_BYTES (4 * 1024 * 1024)
#define KEPT_BYTES_AT_REST (1024 * 1024)

/* What is kept, in no order. */
static DbaasBuffer kept[KEPT_BYTES / LEAST_KEPT];
static int	nkept = 0;
static size_t kept_bytes = 0;

static void
free_memory(const DbaasBuffer *buffer)
{
	if (buffer->size >= MAPPED_SIZE)
		munmap(buffer->data, buffer->size);
	else
		free(buffer->data);
}

/* Takes a kept buffer of just that size.  Returns whether there is one. */
static bool
take_kept(size_t size, DbaasBuffer *taken)
{
	for (int i = nkept - 1; i >= 0; i--)
	{
		if (kept[i].size != size)
			continue;
		*taken = kept[i];
		kept[i] = kept[--nkept];
		kept_bytes -= size;
		return true;
	}
	return false;
}

/*
 * Maps memory of that size, with what the buffer holds, whose own memory is given back.
 * Returns NULL, and leaves the buffer as it is, when there is none.
 */
static char *
map_larger(const DbaasBuffer *buffer, size_t size)
{
	char	   *data;

#ifdef MREMAP_MAYMOVE
	if (buffer->size >= MAPPED_SIZE)
	{
		data = mremap(buffer->data, buffer->size, size, MREMAP_MAYMOVE);
		return data == MAP_FAILED ? NULL : data;
	}
#endif
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	if (buffer->size > 0)
	{
		memcpy(data, buffer->data, buffer->size);
		free_memory(buffer);
	}
	return data;
}

/* Makes a buffer larger. */
static bool
grow(DbaasBuffer *buffer, size_t size)
{
	DbaasBuffer larger;
	char	   *data;

	/* Sizes are alike, so that what is kept fits the next. */
	size = pg_nextpower2_size_t(size);
	if (take_kept(size, &larger))
	{
		if (buffer->size > 0)
			memcpy(larger.data, buffer->data, buffer->size);
		dbaas_buffer_release(buffer);
		*buffer = larger;
		return true;
	}
	data = size < MAPPED_SIZE ? realloc(buffer->data, size) : map_larger(buffer, size);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->size = size;
	return true;
}

bool
dbaas_buffer_reserve(DbaasBuffer *buffer, size_t size)
{
	return size <= buffer->size || grow(buffer, size);
}

void
dbaas_buffer_release(DbaasBuffer *buffer)
{
	if (buffer->size >= LEAST_KEPT && buffer->size <= MOST_KEPT &&
		kept_bytes + buffer->size <= KEPT_BYTES)
	{
		kept[nkept++] = *buffer;
		kept_bytes += buffer->size;
	}
	else if (buffer->size > 0)
		free_memory(buffer);
	*buffer = (DbaasBuffer)
	{
		NULL, 0
	};
}

void
dbaas_buffer_rest(void)
{
	while (kept_bytes > KEPT_BYTES_AT_REST)
	{
		kept_bytes -= kept[--nkept].size;
		free_memory(&kept[nkept]);
	}
}
