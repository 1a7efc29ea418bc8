/*-------------------------------------------------------------------------
 *
 * share.c
 *		Calls that several scans of a statement share.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "read/share.h"
#include "read/skip.h"

/* How many scans announced requests with a path template. */
typedef struct Expected
{
	Oid			serverid;
	const char *path;
	int			scans;
} Expected;

/* What this module keeps for a statement. */
typedef struct Sharing
{
	MemoryContext cxt;			/* of all that follows */
	MemoryContextCallback callback;
	List	   *expected;		/* of Expected * */
	HTAB	   *calls;			/* of SharedCall */
	dlist_head	shares;			/* of DbaasShare: those in all calls */
	Size		kept;			/* bytes of calls without shares */
	dlist_head	read_pages;		/* of SharedCall: those of them that are later
								 * pages, and had as many shares as there are
								 * scans */
	File		file;			/* texts of responses; 0 before the first */
	off_t		file_end;
} Sharing;

typedef struct SharedCall
{
	uint64		hash;			/* of the text */
	Sharing    *sharing;
	DbaasConnection *conn;
	char	   *text;			/* zone, method, path and body */
	const Expected *expected;
	DbaasCall  *call;			/* NULL while only the file has its response */
	dlist_node	node;			/* in sharing->read_pages, or not in a list */
	int			nshares;		/* that there are in it */
	int			ever_shares;	/* that there were so far, with these */
	bool		later_page;		/* is the response a page that follows others? */
	bool		filed;			/* is the response in the file, */
	off_t		position;		/* there, */
	Size		len;			/* with so many bytes? */
	Size		kept;			/* bytes that the call counts for in
								 * sharing->kept */
} SharedCall;

struct DbaasShare
{
	MemoryContext cxt;
	MemoryContextCallback callback;
	dlist_node	node;			/* in sharing->shares */
	SharedCall *shared;			/* NULL once the statement has ended */
	bool		joined;
};

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------ */

/* Reset callback: shares may live longer than what they share. */
static void
end_sharing(void *arg)
{
	Sharing    *sharing = arg;
	dlist_iter	iter;

	dlist_foreach(iter, &sharing->shares)
		dlist_container(DbaasShare, node, iter.cur)->shared = NULL;
	if (sharing->file)
		FileClose(sharing->file);
}

static Sharing *
statement_sharing(DbaasStatement *statement)
{
	static char owner;
	Sharing    *sharing = dbaas_statement_state(statement, &owner, sizeof(Sharing));
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(SharedCall)
	};

	if (sharing->cxt)
		return sharing;
	control.hcxt = AllocSetContextCreate(dbaas_statement_context(statement),
										 "dbaas_fdw shared calls", ALLOCSET_DEFAULT_SIZES);
	sharing->calls = hash_create("dbaas_fdw shared calls", 64, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	dlist_init(&sharing->shares);
	dlist_init(&sharing->read_pages);
	sharing->callback.func = end_sharing;
	sharing->callback.arg = sharing;
	MemoryContextRegisterResetCallback(control.hcxt, &sharing->callback);
	sharing->cxt = control.hcxt;
	return sharing;
}

static Expected *
find_expected(const Sharing *sharing, Oid serverid, const char *path)
{
	ListCell   *lc;

	foreach(lc, sharing->expected)
	{
		Expected   *expected = lfirst(lc);

		if (expected->serverid == serverid && strcmp(expected->path, path) == 0)
			return expected;
	}
	return NULL;
}

void
dbaas_share_expect(DbaasStatement *statement, Oid serverid, const char *path)
{
	Sharing    *sharing = statement_sharing(statement);
	Expected   *expected = find_expected(sharing, serverid, path);

	if (expected == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(sharing->cxt);

		expected = palloc0(sizeof(Expected));
		expected->serverid = serverid;
		expected->path = path;
		sharing->expected = lappend(sharing->expected, expected);
		MemoryContextSwitchTo(oldcxt);
	}
	expected->scans++;
}

/* ------------------------------------------------------------------------
 * The file
 * ------------------------------------------------------------------------ */

/*
 * Opens the file, if it is not open.  Returns whether it is: a full disk may have no room
 * for a name, either, which OpenTemporaryFile() tells by an error that leaves nothing behind.
 */
static bool
open_file(Sharing *sharing)
{
	MemoryContext cxt = CurrentMemoryContext;

	if (sharing->file != 0)
		return true;
	PG_TRY();
	{
		/* The memory context closes it, not a resource owner. */
		sharing->file = OpenTemporaryFile(true);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
	}
	PG_END_TRY();
	return sharing->file != 0;
}

/*
 * Writes the response of a call to the file.  Returns whether it did: where a disk is full,
 * or the size of temporary files is limited, a statement must not fail for what it can ask
 * again.  Nothing stays in a buffer, so that closing the file writes nothing.
 */
static bool
write_response(SharedCall *shared)
{
	Sharing    *sharing = shared->sharing;
	const char *text;

	if (temp_file_limit >= 0 || !open_file(sharing))
		return false;
	text = dbaas_call_response_text(shared->call, &shared->len);
	if (FileWrite(sharing->file, unconstify(char *, text), shared->len, sharing->file_end,
				  WAIT_EVENT_BUFFILE_WRITE) != (ssize_t) shared->len)
		return false;
	shared->position = sharing->file_end;
	sharing->file_end += shared->len;
	return true;
}

/* Makes a call of the response in the file; NULL if it cannot be read. */
static DbaasCall *
read_response(const SharedCall *shared, const DbaasCallSpec *spec)
{
	Sharing    *sharing = shared->sharing;
	char	   *text = MemoryContextAllocHuge(CurrentMemoryContext, Max(shared->len, 1));
	DbaasCall  *call = NULL;

	if (FileRead(sharing->file, text, shared->len, shared->position,
				 WAIT_EVENT_BUFFILE_READ) == (ssize_t) shared->len)
		call = dbaas_call_again(shared->conn, sharing->cxt, spec, text, shared->len);
	pfree(text);
	return call;
}

/* ------------------------------------------------------------------------
 * The end of a share
 * ------------------------------------------------------------------------ */

/* To be called when a call without shares gets one, or is forgotten. */
static void
leave_kept(SharedCall *shared)
{
	shared->sharing->kept -= shared->kept;
	shared->kept = 0;
	if (shared->node.next)
		dlist_delete(&shared->node);
	shared->node.next = NULL;
}

static void
forget_call(SharedCall *shared)
{
	leave_kept(shared);
	dbaas_call_release(shared->call);
	pfree(shared->text);
	hash_search(shared->sharing->calls, &shared->hash, HASH_REMOVE, NULL);
}

/*
 * Is there room for so many more bytes of calls without shares?  Makes it by forgetting
 * later pages that all scans have read, the oldest first.
 */
static bool
make_room(Sharing *sharing, Size bytes)
{
	Size		most = (Size) work_mem * 1024;

	while (sharing->kept + bytes > most && !dlist_is_empty(&sharing->read_pages))
		forget_call(dlist_head_element(SharedCall, node, &sharing->read_pages));
	return sharing->kept + bytes <= most;
}

/*
 * Decides what becomes of a call without shares: it stays in memory, or its response
 * stays in the file, or it is forgotten.
 */
static void
put_away(SharedCall *shared, bool may_write)
{
	Sharing    *sharing = shared->sharing;
	Size		bytes = dbaas_call_bytes(shared->call);

	if (!dbaas_call_done(shared->call) || dbaas_call_error(shared->call))
		forget_call(shared);
	else if (make_room(sharing, bytes))
	{
		shared->kept = bytes;
		sharing->kept += bytes;
		if (shared->later_page && shared->ever_shares >= shared->expected->scans)
			dlist_push_tail(&sharing->read_pages, &shared->node);
	}
	else if (shared->filed ||
			 (may_write && !shared->later_page && dbaas_call_response(shared->call) &&
			  write_response(shared)))
	{
		shared->filed = true;
		dbaas_call_release(shared->call);
		shared->call = NULL;
	}
	else
		forget_call(shared);
}

/* Ends a share, which is freed.  Returns its call if that has no other share, or NULL. */
static SharedCall *
end_share(DbaasShare *share)
{
	SharedCall *shared = share->shared;

	share->shared = NULL;
	if (shared == NULL)
		return NULL;
	dlist_delete(&share->node);
	return --shared->nshares == 0 ? shared : NULL;
}

/* Reset callback: this may be the end of a transaction, so nothing may raise an error. */
static void
end_reset_share(void *arg)
{
	SharedCall *shared = end_share(arg);

	if (shared)
		put_away(shared, false);
}

void
dbaas_share_release(DbaasCall *call, DbaasShare *share)
{
	SharedCall *shared;

	if (share == NULL)
	{
		dbaas_call_release(call);
		return;
	}
	shared = end_share(share);
	MemoryContextDelete(share->cxt);
	if (shared)
		put_away(shared, true);
}

/* ------------------------------------------------------------------------
 * The beginning of a share
 * ------------------------------------------------------------------------ */

/* The shared call for a spec; a new one has no call.  NULL if it cannot be shared. */
static SharedCall *
find_call(Sharing *sharing, const Expected *expected, DbaasConnection *conn,
		  const DbaasCallSpec *spec, bool later_page)
{
	char	   *text = dbaas_cache_request_text(spec);
	uint64		hash = DatumGetUInt64(hash_any_extended((unsigned char *) text, strlen(text),
														(uint64) (uintptr_t) conn));
	bool		found;
	SharedCall *shared = hash_search(sharing->calls, &hash, HASH_ENTER, &found);

	if (found)
	{
		bool		same = shared->conn == conn && strcmp(shared->text, text) == 0;

		pfree(text);
		return same ? shared : NULL;
	}
	*shared = (SharedCall)
	{
		.hash = hash,
			.sharing = sharing,
			.conn = conn,
			.text = text,
			.expected = expected,
			.later_page = later_page
	};
	return shared;
}

/* Makes a call: of a response that an earlier statement has left, or of a new request. */
static DbaasCall *
make_call(const DbaasRead *read, MemoryContext cxt, const DbaasCallSpec *spec)
{
	return dbaas_cache_call(read->conn, read->caching, cxt, spec,
							spec->zone ? dbaas_skip_left_out(read, spec->zone) : NULL);
}

/* Makes the shared call have a call, of its response in the file if that is there. */
static void
ensure_call(const DbaasRead *read, SharedCall *shared, const DbaasCallSpec *spec)
{
	if (shared->call == NULL && shared->filed)
		shared->call = read_response(shared, spec);
	if (shared->call == NULL)
	{
		shared->filed = false;
		shared->call = make_call(read, shared->sharing->cxt, spec);
	}
}

static DbaasShare *
add_share(SharedCall *shared, MemoryContext cxt, bool joined)
{
	MemoryContext share_cxt = AllocSetContextCreate(cxt, "dbaas_fdw share",
													ALLOCSET_SMALL_SIZES);
	DbaasShare *share = MemoryContextAllocZero(share_cxt, sizeof(DbaasShare));

	share->cxt = share_cxt;
	share->shared = shared;
	share->joined = joined;
	share->callback.func = end_reset_share;
	share->callback.arg = share;
	MemoryContextRegisterResetCallback(share_cxt, &share->callback);
	dlist_push_tail(&shared->sharing->shares, &share->node);
	shared->nshares++;
	shared->ever_shares++;
	leave_kept(shared);
	return share;
}

DbaasCall *
dbaas_share_call(const DbaasRead *read, MemoryContext cxt, const DbaasCallSpec *spec,
				 bool later_page, DbaasShare **share)
{
	Sharing    *sharing = statement_sharing(read->statement);
	const Expected *expected = find_expected(sharing, dbaas_connection_server(read->conn),
											 spec->path_template);
	SharedCall *shared = NULL;
	bool		joined;

	Assert(spec->kind != DBAAS_CALL_WRITE);
	*share = NULL;
	if (expected && expected->scans > 1 && spec->zone)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(sharing->cxt);

		shared = find_call(sharing, expected, read->conn, spec, later_page);
		MemoryContextSwitchTo(oldcxt);
	}
	if (shared == NULL)
		return make_call(read, cxt, spec);
	joined = shared->call || shared->filed;
	ensure_call(read, shared, spec);
	*share = add_share(shared, cxt, joined);
	return shared->call;
}

bool
dbaas_share_joined(const DbaasShare *share)
{
	return share->joined;
}
