/*-------------------------------------------------------------------------
 *
 * known.c
 *		The lists in which a transaction has looked up services.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "write/known.h"

struct DbaasKnownList
{
	MemoryContext cxt;			/* child of known_cxt */
	DbaasConnection *conn;		/* which cxt keeps open */
	const DbaasParent *parent;
	const char *zone;
	DbaasMoment began;			/* when the statement that read it did */
	Size		bytes;
	int			n;
	DbaasParentRow *rows;		/* sorted by their first values */
};

static MemoryContext known_cxt = NULL;	/* child of TopTransactionContext */
static List *lists = NIL;		/* of DbaasKnownList *, in known_cxt */
static DbaasMoment forgotten_at = 0;	/* by dbaas_known_forget() */

/* Called when the transaction ends, and by drop_all(). */
static void
forget_all(void *arg)
{
	(void) arg;
	known_cxt = NULL;
	lists = NIL;
}

static MemoryContext
get_context(void)
{
	MemoryContextCallback *callback;

	if (known_cxt)
		return known_cxt;
	known_cxt = AllocSetContextCreate(TopTransactionContext, "dbaas_fdw known services",
									  ALLOCSET_SMALL_SIZES);
	callback = MemoryContextAlloc(known_cxt, sizeof(MemoryContextCallback));
	callback->func = forget_all;
	callback->arg = NULL;
	MemoryContextRegisterResetCallback(known_cxt, callback);
	return known_cxt;
}

static void
drop_all(void)
{
	if (known_cxt)
		MemoryContextDelete(known_cxt);
}

static void
drop_list(DbaasKnownList *list)
{
	lists = list_delete_ptr(lists, list);
	MemoryContextDelete(list->cxt);
}

static DbaasKnownList *
find_list(const DbaasConnection *conn, const DbaasParent *parent, const char *zone)
{
	ListCell   *lc;

	foreach(lc, lists)
	{
		DbaasKnownList *list = lfirst(lc);

		if (list->conn == conn && list->parent == parent && strcmp(list->zone, zone) == 0)
			return list;
	}
	return NULL;
}

const DbaasKnownList *
dbaas_known_list(const DbaasConnection *conn, const DbaasParent *parent, const char *zone)
{
	return dbaas_connection_is_current(conn) ? find_list(conn, parent, zone) : NULL;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const DbaasParentRow *) a)->values[0],
				  ((const DbaasParentRow *) b)->values[0]);
}

/* Rows of the same name stay in their order, in which copy_rows() has placed the names. */
static int
compare_rows(const void *a, const void *b)
{
	int			result = compare_names(a, b);
	const char *name = ((const DbaasParentRow *) a)->values[0];

	return result ? result : name < ((const DbaasParentRow *) b)->values[0] ? -1 : 1;
}

const DbaasParentRow *
dbaas_known_find(const DbaasKnownList *list, const char *value)
{
	DbaasParentRow key = {{value}};
	const DbaasParentRow *row = list->n == 0 ? NULL :
		bsearch(&key, list->rows, list->n, sizeof(DbaasParentRow), compare_names);

	while (row && row > list->rows && compare_names(row - 1, &key) == 0)
		row--;
	return row;
}

int
dbaas_known_locate(const DbaasConnection *conn, const DbaasZones *zones, const DbaasZone *zone,
				   const char *service, DbaasListedService *found)
{
	int			n = 0;

	for (int i = 0; i < zones->n; i++)
	{
		const DbaasKnownList *list;
		const DbaasParentRow *row;

		if (zone && strcmp(zones->zones[i].name, zone->name) != 0)
			continue;
		list = dbaas_known_list(conn, &dbaas_catalogue_service_facts, zones->zones[i].name);
		if (list == NULL)
			return -1;
		row = dbaas_known_find(list, service);
		if (row == NULL)
			continue;
		n++;
		*found = (DbaasListedService)
		{
			.zone = &zones->zones[i],.type = row->values[1]
		};
	}
	return n;
}

/* The bytes that a copy of the rows takes. */
static Size
rows_size(const DbaasParentRow *rows, int n, int nkeys)
{
	Size		bytes = n * sizeof(DbaasParentRow);

	for (int i = 0; i < n; i++)
	{
		for (int k = 0; k < nkeys; k++)
			bytes += rows[i].values[k] ? strlen(rows[i].values[k]) + 1 : 0;
	}
	return bytes;
}

/* Copies the rows into a chunk of that size, in the current memory context. */
static DbaasParentRow *
copy_rows(const DbaasParentRow *rows, int n, int nkeys, Size bytes)
{
	DbaasParentRow *copy = palloc_extended(Max(bytes, 1), MCXT_ALLOC_HUGE);
	char	   *to = (char *) (copy + n);

	for (int i = 0; i < n; i++)
	{
		copy[i] = (DbaasParentRow)
		{
			{
				NULL
			}
		};
		for (int k = 0; k < nkeys; k++)
		{
			if (rows[i].values[k] == NULL)
				continue;
			copy[i].values[k] = strcpy(to, rows[i].values[k]);
			to += strlen(to) + 1;
		}
	}
	return copy;
}

/* Drops lists until another one has room.  Returns whether it can have. */
static bool
make_room(Size bytes)
{
	Size		limit = work_mem * (Size) 1024;
	Size		used = bytes;
	ListCell   *lc;

	foreach(lc, lists)
		used += ((DbaasKnownList *) lfirst(lc))->bytes;
	if (used > limit)
		drop_all();
	return bytes <= limit;
}

void
dbaas_known_keep(const DbaasRead *read, const DbaasParent *parent, const DbaasZone *zone)
{
	DbaasMoment began = dbaas_statement_began(read->statement);
	DbaasKnownList *list = find_list(read->conn, parent, zone->name);
	int			n;
	const DbaasParentRow *rows = dbaas_parents_rows(dbaas_parents_get(read, zone, parent), &n);
	Size		bytes;
	MemoryContext cxt;
	MemoryContext oldcxt;

	if (began <= forgotten_at || !dbaas_connection_is_current(read->conn) ||
		(list && list->began >= began))
		return;
	if (list)
		drop_list(list);
	bytes = rows_size(rows, n, parent->nkeys);
	if (!make_room(bytes))
		return;
	cxt = AllocSetContextCreate(get_context(), "dbaas_fdw known list", ALLOCSET_SMALL_SIZES);
	oldcxt = MemoryContextSwitchTo(cxt);
	list = palloc(sizeof(DbaasKnownList));
	*list = (DbaasKnownList)
	{
		.cxt = cxt,.conn = read->conn,.parent = parent,.zone = pstrdup(zone->name),
			.began = began,.bytes = bytes,.n = n,
			.rows = copy_rows(rows, n, parent->nkeys, bytes)
	};
	qsort(list->rows, n, sizeof(DbaasParentRow), compare_rows);
	dbaas_connection_hold(read->conn, cxt);
	MemoryContextSwitchTo(known_cxt);
	lists = lappend(lists, list);
	MemoryContextSwitchTo(oldcxt);
}

void
dbaas_known_forget(void)
{
	forgotten_at = dbaas_clock_now();
	drop_all();
}
