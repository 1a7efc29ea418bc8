/*-------------------------------------------------------------------------
 *
 * url.h
 *		URLs: what they may be, and their parts.
 *
 * Results are in the current memory context.  libcurl parses the URLs, so that they
 * are read here as they are when a request is sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_URL_H
#define DBAAS_URL_H

/*
 * May the URL be the base of requests?  It must be https, or http with a
 * loopback host, and have no user, query or fragment.  Otherwise returns
 * false, and *problem says why, as a sentence.
 */
extern bool dbaas_url_check(const char *url, char **problem);

/*
 * Is the URL the address of a proxy that libcurl can use, without a path, query or
 * fragment?  Otherwise returns false, and *problem says why, as a sentence.
 */
extern bool dbaas_url_check_proxy(const char *url, char **problem);

/* The URL with each "{zone}" replaced by the zone's name. */
extern char *dbaas_url_expand_zone(const char *url, const char *zone);

/* A text percent-encoded as one segment of a path; NULL when memory runs out. */
extern char *dbaas_url_encode_segment(const char *segment);

/* The path of a URL as it is sent; NULL when it is not a URL or memory runs out. */
extern char *dbaas_url_path(const char *url);

#endif							/* DBAAS_URL_H */
