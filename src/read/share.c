/*-------------------------------------------------------------------------
 *
 * share.c
 *		Calls that several scans of a statement share.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"

#include "read/share.h"

/* How many scans announced requests with a path template. */
typedef struct Expected
{
	Oid			serverid;
	const char *path;
	int			scans;
} Expected;

typedef struct SharedCall
{
	DbaasConnection *conn;
	char	   *path;
	char	   *zone;
	bool		hide_secrets;
	DbaasCall  *call;
} SharedCall;

/* The calls whose server, path and zone have the same hash. */
typedef struct SharedCalls
{
	uint32		hash;
	List	   *calls;			/* of SharedCall * */
} SharedCalls;

/* What this module keeps for a statement. */
typedef struct Sharing
{
	List	   *expected;		/* of Expected * */
	HTAB	   *calls;			/* of SharedCalls; NULL before the first */
} Sharing;

static Sharing *
statement_sharing(DbaasStatement *statement)
{
	static char owner;

	return dbaas_statement_state(statement, &owner, sizeof(Sharing));
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
		MemoryContext oldcxt = MemoryContextSwitchTo(dbaas_statement_context(statement));

		expected = palloc0(sizeof(Expected));
		expected->serverid = serverid;
		expected->path = path;
		sharing->expected = lappend(sharing->expected, expected);
		MemoryContextSwitchTo(oldcxt);
	}
	expected->scans++;
}

/* Should the statement's scans share this call? */
static bool
is_shared(const Sharing *sharing, const DbaasRead *read, const DbaasCallSpec *spec)
{
	const Expected *expected;

	if (spec->body || spec->zone == NULL)
		return false;
	expected = find_expected(sharing, dbaas_connection_server(read->conn), spec->path_template);
	return expected && expected->scans > 1;
}

/* The shared calls with the hash of this one; in the statement's context. */
static SharedCalls *
find_calls(Sharing *sharing, DbaasConnection *conn, const DbaasCallSpec *spec)
{
	uint32		hash = hash_combine(string_hash(spec->path, strlen(spec->path) + 1),
									hash_combine(string_hash(spec->zone, strlen(spec->zone) + 1),
												 (uint32) dbaas_connection_server(conn)));
	SharedCalls *calls;
	bool		found;

	if (sharing->calls == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(uint32),
			.entrysize = sizeof(SharedCalls),
			.hcxt = CurrentMemoryContext
		};

		sharing->calls = hash_create("dbaas_fdw shared calls", 64, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	calls = hash_search(sharing->calls, &hash, HASH_ENTER, &found);
	if (!found)
		calls->calls = NIL;
	return calls;
}

static DbaasCall *
find_call(const SharedCalls *calls, DbaasConnection *conn, const DbaasCallSpec *spec)
{
	ListCell   *lc;

	foreach(lc, calls->calls)
	{
		const SharedCall *entry = lfirst(lc);

		if (entry->conn == conn && strcmp(entry->path, spec->path) == 0 &&
			strcmp(entry->zone, spec->zone) == 0 && entry->hide_secrets == spec->hide_secrets)
			return entry->call;
	}
	return NULL;
}

DbaasCall *
dbaas_share_call(const DbaasRead *read, MemoryContext cxt, const DbaasCallSpec *spec, bool *shared)
{
	Sharing    *sharing = statement_sharing(read->statement);
	MemoryContext oldcxt;
	SharedCalls *calls;
	DbaasCall  *call;

	*shared = is_shared(sharing, read, spec);
	if (!*shared)
		return dbaas_call_start(read->conn, cxt, spec);

	oldcxt = MemoryContextSwitchTo(dbaas_statement_context(read->statement));
	calls = find_calls(sharing, read->conn, spec);
	call = find_call(calls, read->conn, spec);
	if (call == NULL)
	{
		SharedCall *entry = palloc(sizeof(SharedCall));

		call = dbaas_call_start(read->conn, CurrentMemoryContext, spec);
		*entry = (SharedCall)
		{
			read->conn, pstrdup(spec->path), pstrdup(spec->zone),
				spec->hide_secrets, call
		};
		calls->calls = lappend(calls->calls, entry);
	}
	MemoryContextSwitchTo(oldcxt);
	return call;
}
