# dbaas_logs follows its pages lazily: no page and no entry beyond need.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 1200);
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2');
my $session = $t->session;
my $from = q{FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'};
my $other = q{FROM exo.dbaas_logs WHERE service_name = 'mysql-1-0002'};

# The limits that the requests asked for, in order
sub limits
{
	my ($sql) = @_;
	my @sent = grep { $_->{path} =~ m{^/dbaas-service-logs/} } $session->requests($sql);
	return map { JSON::PP::decode_json($_->{body})->{limit} } @sent;
}

sub asks
{
	my ($sql, $limits, $name) = @_;
	is_deeply([ limits($sql) ], $limits, $name // $sql);
	return;
}

# Whole reads: three pages of entries, and the empty one that ends
my @sent = $session->requests("SELECT count(*) $from");
is(scalar @sent, 4, '1200 entries are three pages, and an empty one');
my @bodies = map { JSON::PP::decode_json($_->{body}) } @sent;
ok(!exists $bodies[0]{offset}, 'the first is asked for without a cursor');
is(scalar(keys %{ { map { $_->{offset} => 1 } @bodies[ 1 .. 3 ] } }),
	3, 'each other has a cursor of its own');
is_deeply(
	[ map { $_->{limit} } @bodies ],
	[ 500, 500, 500, 500 ],
	'all ask for as much as the API gives');
is($session->sql("SELECT count(*), count(DISTINCT message), count(DISTINCT next_offset) $from"),
	'1200|1200|3', 'every entry comes, once');
asks("SELECT message $from ORDER BY message", [ 500, 500, 500, 500 ], 'ORDER BY alone reads all');

# A satisfied LIMIT asks for no further page, and for no more entries than it needs
asks("SELECT * $from LIMIT 10", [10]);
asks("SELECT * $from LIMIT 500", [500]);
asks("SELECT * $from LIMIT 501", [ 500, 1 ]);
asks("SELECT * $from LIMIT 700", [ 500, 200 ]);
asks("SELECT * $from LIMIT 1300", [ 500, 500, 300, 100 ]);
asks("SELECT * $from LIMIT 0", []);
asks("SELECT * $from LIMIT NULL", [ 500, 500, 500, 500 ]);
asks("SELECT * $from LIMIT ALL OFFSET 3", [ 500, 500, 500, 500 ]);
asks("SELECT * $from LIMIT 10 OFFSET 5", [15], 'OFFSET is part of what is needed');
asks("SELECT * $from LIMIT 10 OFFSET 495", [ 500, 5 ]);
asks("SELECT * $from FETCH FIRST 3 ROWS ONLY", [3]);
asks(
	"PREPARE newest(bigint) AS SELECT * $from LIMIT \$1; "
	  . "SET plan_cache_mode = force_generic_plan; EXECUTE newest(20)",
	[20],
	'LIMIT as a parameter');
asks('EXECUTE newest(510)', [ 500, 10 ], 'LIMIT as a parameter, again');
asks('EXECUTE newest(NULL)', [ 500, 500, 500, 500 ], 'LIMIT NULL as a parameter');
asks(
	"PREPARE shifted(bigint, bigint) AS "
	  . "SELECT * $from LIMIT \$1 OFFSET \$2; EXECUTE shifted(20, 7)",
	[27],
	'OFFSET as a parameter');
is($session->sql("SELECT count(*) FROM (SELECT * $from LIMIT 700) s"),
	700, 'LIMIT 700 gives 700 rows');
is( $session->sql("SELECT min(message) FROM (SELECT * $from LIMIT 1 OFFSET 700) s"),
	$session->sql("SELECT message $from AND message LIKE 'entry 499 of %'"),
	'OFFSET skips rows, not pages');

# Where rows may be lost on the way, the limit is not the API's; pages come one by one
asks("SELECT * $from AND message LIKE 'entry 1199 of %' LIMIT 1",
	[500], 'a local condition: the first page may do');
asks(
	"SELECT * $from AND message LIKE 'entry 600 of %' LIMIT 1",
	[ 500, 500 ],
	'no page beyond need');
asks("SELECT * $from AND message LIKE 'entry 100 of %' LIMIT 1", [ 500, 500, 500 ], 'nor here');
asks(
	"SELECT * $from AND message = 'no such' LIMIT 1",
	[ 500, 500, 500, 500 ],
	'all, when no row is found');
asks("SELECT DISTINCT sort_order $from LIMIT 1", [ 500, 500, 500, 500 ], 'DISTINCT needs all');
asks(
	"SELECT l.message FROM exo.dbaas_logs l, (VALUES (1)) v(n) "
	  . "WHERE service_name = 'pg-1-0001' AND length(l.message) > v.n LIMIT 2",
	[500],
	'a join: whole pages, no more than needed');
asks("SELECT count(*) $from LIMIT 1", [ 500, 500, 500, 500 ],
	'an aggregate under LIMIT counts all');
is($session->sql("SELECT count(*) $from LIMIT 1"), 1200, 'and counts right');
is($session->sql("SELECT sum(1) OVER () $from LIMIT 1"), 1200, 'so does a window function');

# One after the other: the second service is not read where the first suffices
is_deeply(
	[ map { $_->{path} } $session->requests('SELECT * FROM exo.dbaas_logs LIMIT 5') ],
	[ '/dbaas-service', '/dbaas-service-logs/pg-1-0001' ],
	'LIMIT over all services asks the first alone');
is($session->sql('SELECT count(*) FROM (SELECT * FROM exo.dbaas_logs LIMIT 2500) s'),
	2500, 'LIMIT over several services goes on to the next');

# log_limit caps each service
asks("SELECT * $from AND log_limit = 10", [10]);
is($session->sql("SELECT count(*), min(log_limit), max(log_limit) $from AND log_limit = 10"),
	'10|10|10', 'log_limit caps the rows');
asks("SELECT * $from AND log_limit = 10 LIMIT 3", [3], 'the lesser of log_limit and LIMIT counts');
asks("SELECT * $from AND log_limit = 3 LIMIT 10", [3], 'either way');
is( $session->sql(
			"SELECT service_name, count(*) FROM exo.dbaas_logs WHERE log_limit = 10 "
		  . "GROUP BY 1 ORDER BY 1"),
	"kafka-1-0003|10\nmysql-1-0002|10\npg-1-0001|10",
	'log_limit is for each service');
asks("SELECT * $from AND log_limit = 10 AND message LIKE 'entry 7%'",
	[10], 'log_limit counts entries, before conditions');

# A server that gives more than was asked for cannot give a wrong row
my @entries = map { { time => '2026-01-01T00:00:00Z', message => "m$_" } } 1 .. 5;
$t->sim->fault(
	{
		path => '/dbaas-service-logs/*',
		action => 'status',
		status => 200,
		body => JSON::PP::encode_json({ logs => \@entries, offset => 'x' })
	});
is($session->sql("SELECT count(*) $from AND log_limit = 2"),
	2, 'log_limit holds where the API ignores it');

# A cursor starts where a page ended
my $cursor =
  $session->sql("SELECT DISTINCT next_offset FROM (SELECT next_offset $from LIMIT 500) s");
like(
	$session->sql("SELECT message $from AND log_offset = '$cursor' LIMIT 1"),
	qr/^entry 699 of /,
	'log_offset goes on where a page ended');
is_deeply(
	[
		map { JSON::PP::decode_json($_->{body})->{offset} }
		  $session->requests("SELECT * $from AND log_offset = '$cursor' LIMIT 1")
	],
	[$cursor],
	'the cursor is sent as it is');
is($session->sql("SELECT count(*), min(log_offset) $from AND log_offset = '$cursor'"),
	"700|$cursor", 'and reads to the end');
my $first = $session->sql("SELECT first_log_offset $from LIMIT 1");
$t->sim->append_logs('ch-gva-2', 'pg-1-0001', 3);
is( $session->sql(
			"SELECT string_agg(split_part(message, ' ', 2), ',') $from "
		  . "AND log_offset = '$first' AND sort_order = 'asc'"),
	'1200,1201,1202',
	'the first cursor and asc: what was logged since');

# Order: the API's own
like(
	$session->sql("SELECT message $other LIMIT 1"),
	qr/^entry 1199 /,
	'without ORDER BY the newest come first');
like($session->sql("SELECT message $other AND sort_order = 'asc' LIMIT 1"),
	qr/^entry 0 /, 'ascending: the oldest');
foreach my $case ([ 'desc', '<' ], [ 'asc', '>' ])
{
	my ($order, $operator) = @$case;
	is( $session->sql(
			qq{SELECT count(*), bool_and(time $operator before)
		FROM (SELECT time, lag(time) OVER () AS before $other AND sort_order = '$order') s}),
		'1200|t',
		"$order over all pages");
}

# A cursor that repeats ends the scan, and so does none
my @page = map { { message => "m$_" } } 1 .. 500;
foreach my $case (
	[ { logs => \@page, offset => 'same' }, 2, 1000, 'the same cursor again' ],
	[ { logs => \@page }, 1, 500, 'no cursor' ],
	[ { logs => \@page, offset => undef }, 1, 500, 'a cursor that is null' ])
{
	my ($body, $requests, $rows, $name) = @$case;

	$t->sim->fault(
		{
			path => '/dbaas-service-logs/mysql*',
			action => 'status',
			status => 200,
			times => -1,
			body => JSON::PP::encode_json($body)
		});
	$t->sim->clear;
	is($session->sql("SELECT count(*) $other"), $rows, "$name: the rows so far");
	is(scalar(() = $t->sim->requests), $requests, "$name: ends the scan");
	$t->sim->clear_faults;
}
$t->sim->fault(
	map {
		{
			path => '/dbaas-service-logs/mysql*',
			action => 'status',
			status => 200,
			times => 1,
			body => qq({"offset":"$_","logs":[{"message":"$_"}]})
		}
	} qw(a b a never));
is($session->sql("SELECT string_agg(message, ',') $other"),
	'a,b,a', 'a cursor that comes back later ends it too');
$t->sim->clear_faults;

# Short pages are no end: only an empty one is, or a cursor that repeats
$t->sim->fault(
	(   map {
			{
				path => '/dbaas-service-logs/mysql*',
				action => 'status',
				status => 200,
				times => 1,
				body => qq({"offset":"$_","logs":[{"message":"$_"}]})
			}
		} qw(a b c)),
	{
		path => '/dbaas-service-logs/mysql*',
		action => 'status',
		status => 200,
		body => '{"offset":"d","logs":[]}'
	});
is($session->sql("SELECT string_agg(message, ',') $other"),
	'a,b,c', 'short pages are followed until one is empty');
$t->sim->clear_faults;
$t->sim->fault(
	{ path => '/dbaas-service-logs/mysql*', action => 'status', status => 200, body => '{}' });
is($session->sql("SELECT count(*) $other"), 0, 'an answer without logs and cursor is no entry');
$t->sim->fault(
	{
		path => '/dbaas-service-logs/mysql*',
		action => 'status',
		status => 200,
		body => '{"logs":[{}],"offset":7}'
	});
is($session->sql_error("SELECT count(*) $other")->{sqlstate},
	'HV000', 'a cursor that is no string is an error');

# The next page is asked for, and answered, before the first row of a page is used
my $holder = $t->session;
foreach my $case ([ 1199, 2 ], [ 699, 3 ])
{
	my ($entry, $pages) = @$case;
	$holder->sql('SELECT pg_advisory_lock(7)');
	$t->sim->clear;
	$session->start("SELECT count(CASE WHEN message LIKE 'entry $entry of %' "
		  . "THEN pg_advisory_xact_lock_shared(7) END), count(*) $other");
	ok( DbaasTest::wait_until(
			sub {
				(grep { defined $_->{status} } $t->sim->requests) >= $pages;
			}),
		"page $pages is answered while the first row of the one before still waits for a lock");
	is(scalar(() = $t->sim->requests), $pages, 'and no other is asked for');
	$holder->sql('SELECT pg_advisory_unlock(7)');
	like(($session->finish)[0], qr/^1\|1200$/m, 'then all rows come');
}

# With LIMIT there is no such haste
@sent = $session->requests("BEGIN; DECLARE c CURSOR FOR SELECT * $other; FETCH 10 FROM c; COMMIT");
is(scalar @sent, 1, 'a cursor that reads ten rows asks for one page');

done_testing();
