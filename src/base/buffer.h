/*-------------------------------------------------------------------------
 *
 * buffer.h
 *		Memory that grows, and that is kept for the next who needs some.
 *
 * For the texts of responses and their nodes, page after page.  If each took its
 * memory from malloc() and freed it, the C library would return it to the kernel each
 * time, and each page would begin with page faults.  No function raises an error, so
 * callbacks of libcurl may call them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_BUFFER_H
#define DBAAS_BUFFER_H

/* Whoever has the struct owns the memory.  All zero: there is none. */
typedef struct DbaasBuffer
{
	char	   *data;
	size_t		size;			/* bytes that there is memory for */
} DbaasBuffer;

/*
 * Makes a buffer at least size bytes long; what it holds stays.  Its size is a power of
 * two, so it may grow by little often.  Returns false, and leaves it as it is, when
 * there is no memory.
 */
extern bool dbaas_buffer_reserve(DbaasBuffer *buffer, size_t size);

/*
 * Keeps a buffer's memory for another, or frees it if it is large or if much is kept.
 * The buffer is all zero then.
 */
extern void dbaas_buffer_release(DbaasBuffer *buffer);

/*
 * To be called when no more buffers are in use: frees what is kept, up to what a session
 * at rest may hold.
 */
extern void dbaas_buffer_rest(void);

#endif							/* DBAAS_BUFFER_H */
