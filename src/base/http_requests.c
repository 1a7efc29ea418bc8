/*-------------------------------------------------------------------------
 *
 * http_requests.c
 *		Which requests there are, in all pools.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/http_internal.h"

dlist_head	dbaas_http_pools = DLIST_STATIC_INIT(dbaas_http_pools);

long
dbaas_http_requests_port(const DbaasHttpRequest *request)
{
	long		port = 0;

	if (!request->ended)
		curl_easy_getinfo(request->easy, CURLINFO_LOCAL_PORT, &port);
	return Max(port, 0);
}

int
dbaas_http_requests_in_flight(const DbaasHttpPool *pool)
{
	dlist_iter	iter;
	int			n = 0;

	dlist_foreach(iter, &unconstify(DbaasHttpPool *, pool)->requests)
	{
		if (!dlist_container(DbaasHttpRequest, node, iter.cur)->ended)
			n++;
	}
	return n;
}

bool
dbaas_http_requests_ended(const DbaasHttpPool *pool)
{
	return dbaas_http_requests_in_flight(pool) == 0;
}

int
dbaas_http_requests_count(bool unconnected)
{
	dlist_iter	pool_iter;
	int			n = 0;

	dlist_foreach(pool_iter, &dbaas_http_pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, pool_iter.cur);
		dlist_iter	iter;

		dlist_foreach(iter, &pool->requests)
		{
			DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

			if (!request->ended && (!unconnected || dbaas_http_requests_port(request) == 0))
				n++;
		}
	}
	return n;
}
