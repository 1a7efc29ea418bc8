/*-------------------------------------------------------------------------
 *
 * http_tls.c
 *		What a pool's TLS connections trust, and what they share.
 *
 * libcurl parses the certificates to trust anew for each connection, which with the
 * system's takes longer than all else in it.  It keeps them in the multi handle, so
 * for the pool, only if they come from one file.  So ca_file's are given to it as a
 * file in memory, and where it has a default file, its default directory is left out.
 *
 * TLS sessions are shared by the connections of one pool alone: a session that is
 * resumed is not verified again, so it must never pass from what trusts one set of
 * certificates to what trusts another.  They are forgotten with the certificates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"

#include "base/http_internal.h"

/* How long the system's certificates are not looked at again. */
#define CHECK_USECS 1000000

/* libcurl's default file and directory with certificates; NULL: none. */
static void
get_defaults(const char **file, const char **directory)
{
	curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	bool		known = info->age >= CURLVERSION_SEVENTH;

	*file = known ? info->cainfo : NULL;
	*directory = known ? info->capath : NULL;
}

/*
 * The states of libcurl's default file and directory; zeroes for what is not there.
 * That of the directory changes when a file comes into it or leaves it.
 */
static void
look_at_defaults(struct stat states[2])
{
	const char *names[2];

	get_defaults(&names[0], &names[1]);
	for (int i = 0; i < 2; i++)
	{
		if (names[i] == NULL || stat(names[i], &states[i]) != 0)
			memset(&states[i], 0, sizeof(struct stat));
	}
}

static bool
same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * Writes a text into a file in memory, and stores a name by which this process can
 * open it.  Returns its descriptor, or -1.
 */
static int
make_file(const char *text, char *name, size_t size)
{
#ifdef MFD_CLOEXEC
	size_t		len = strlen(text);
	int			fd = memfd_create("dbaas_fdw ca_file", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(name, size, "/proc/self/fd/%d", fd);
	if (write(fd, text, len) != (ssize_t) len || access(name, R_OK) != 0)
	{
		close(fd);
		return -1;
	}
	return fd;
#else
	return -1;
#endif
}

bool
dbaas_http_tls_open(DbaasHttpPool *pool)
{
	pool->ca_fd = pool->ca_pem ? make_file(pool->ca_pem, pool->ca_name, sizeof(pool->ca_name)) :
		-1;
	if (pool->ca_fd >= 0)
		ReserveExternalFD();
	return dbaas_http_tls_renew(pool);
}

bool
dbaas_http_tls_renew(DbaasHttpPool *pool)
{
	if (pool->share)
		(void) curl_share_cleanup(pool->share);
	pool->share = curl_share_init();
	pool->with_directory = false;
	pool->checked_at = dbaas_clock_now();
	look_at_defaults(pool->checked);
	if (pool->share == NULL)
		return false;
	/* Fails only where libcurl has no TLS; a request will say so. */
	(void) curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return true;
}

void
dbaas_http_tls_close(DbaasHttpPool *pool)
{
	if (pool->share)
		(void) curl_share_cleanup(pool->share);
	if (pool->ca_fd >= 0)
	{
		close(pool->ca_fd);
		ReleaseExternalFD();
	}
}

bool
dbaas_http_tls_changed(DbaasHttpPool *pool, DbaasMoment now)
{
	struct stat states[2];

	if (pool->ca_pem || (pool->checked_at != 0 && now - pool->checked_at < CHECK_USECS))
		return false;
	pool->checked_at = now;
	look_at_defaults(states);
	return !same_state(&states[0], &pool->checked[0]) ||
		!same_state(&states[1], &pool->checked[1]);
}

CURLcode
dbaas_http_tls_prepare(DbaasHttpRequest *request)
{
	const DbaasHttpPool *pool = request->pool;
	const char *file;
	const char *directory;
	CURLcode	code;

	SETOPT(CURLOPT_SSL_VERIFYPEER, 1L);
	SETOPT(CURLOPT_SSL_VERIFYHOST, 2L);
	SETOPT(CURLOPT_SHARE, pool->share);

	/*
	 * Never the name in option ca_file: libcurl would open it while signals
	 * are blocked.
	 */
	if (pool->ca_fd >= 0)
		SETOPT(CURLOPT_CAINFO, pool->ca_name);
	else if (pool->ca_pem)
	{
		struct curl_blob pem = {pool->ca_pem, strlen(pool->ca_pem), CURL_BLOB_NOCOPY};

		SETOPT(CURLOPT_CAINFO_BLOB, &pem);
	}
	if (pool->ca_pem)
	{
		SETOPT(CURLOPT_CAPATH, NULL);	/* and no others */
		return CURLE_OK;
	}
	get_defaults(&file, &directory);
	request->without_directory = file && directory && !pool->with_directory;
	if (request->without_directory)
	{
		SETOPT(CURLOPT_CAPATH, NULL);
		SETOPT(CURLOPT_PROXY_CAPATH, NULL);
	}
	return CURLE_OK;
}

bool
dbaas_http_tls_try_directory(DbaasHttpRequest *request, CURLcode code)
{
	DbaasHttpPool *pool = request->pool;
	const char *file;
	const char *directory;

	if (code != CURLE_PEER_FAILED_VERIFICATION)
		return false;
	pool->checked_at = 0;
	if (!request->without_directory)
		return false;
	get_defaults(&file, &directory);
	request->without_directory = false;
	pool->with_directory = true;
	return curl_easy_setopt(request->easy, CURLOPT_CAPATH, directory) == CURLE_OK &&
		curl_easy_setopt(request->easy, CURLOPT_PROXY_CAPATH, directory) == CURLE_OK;
}
