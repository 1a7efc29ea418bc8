# With with_outcome the rows of each service end with one that says how its reading
# ended: one that fails costs neither the others' rows nor a request twice.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1200, server => { max_retries => 0 });
my $session = $t->session;
my $json = JSON::PP->new->canonical;

# The outcomes that a query returns, each as (zone, service, outcome)
sub outcomes
{
	my ($sql) = @_;
	return map { [ split /\|/, $_, 3 ] } split /\n/, $session->sql($sql);
}

sub decoded { return $json->decode($_[0][2]) }

sub failed { return grep { !decoded($_)->{ok} } @_ }

# How many requests each line of the record stands for
sub counted
{
	my %n;
	$n{"$_->{zone} $_->{path}"}++ foreach grep { $_->{path} ne '/zone' } $t->sim->requests;
	return \%n;
}

my $logs = 'FROM exo.dbaas_logs WHERE with_outcome';
my $ends = "SELECT zone, service_name, outcome $logs AND outcome IS NOT NULL";
my $pg = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
my $pg_path = '/dbaas-service-logs/pg-1-0001';

# One of twenty
$t->sim->fault({ path => $pg_path, zone => 'ch-gva-2', action => 'status', status => 500 });
$t->sim->clear;
my $ten = "zone = 'ch-gva-2' AND log_limit = 10";
is( $session->sql(
		"SELECT count(time), count(outcome), count(*), count(DISTINCT service_name)
		$logs AND $ten"),
	'180|20|200|20',
	'one of twenty fails: the others have all their entries');
my $counted = counted();
is(scalar keys %$counted, 21, 'each is asked');
is_deeply([ grep { $_ != 1 } values %$counted ], [], 'and nothing twice');
$t->sim->fault({ path => $pg_path, zone => 'ch-gva-2', action => 'status', status => 500 });
my @ends = outcomes("$ends AND $ten");
my ($bad) = failed(@ends);
is(scalar failed(@ends), 1, 'one outcome is no success');
is_deeply([ @$bad[ 0, 1 ] ], [ 'ch-gva-2', 'pg-1-0001' ], 'that of the service');
is_deeply(
	[ map { decoded($bad)->{$_} } qw(sqlstate message request zone next_offset) ],
	[
		'HV000',
		"POST $pg_path in zone ch-gva-2 failed with HTTP status 500",
		"POST $pg_path", 'ch-gva-2', undef
	],
	'it says what failed');
my $columns = $session->sql("SELECT string_agg(column_name, ', ' ORDER BY ordinal_position)
	FROM information_schema.columns WHERE table_schema = 'exo' AND table_name = 'dbaas_logs'");
is( $session->sql(
		"SELECT jsonb_strip_nulls(to_jsonb(x) - 'outcome' - 'next_offset')
		FROM (SELECT $columns $logs AND outcome IS NOT NULL AND log_limit = 3 AND $pg) x"),
	'{"zone": "ch-gva-2", "log_limit": 3, "sort_order": "desc", "service_name": "pg-1-0001", '
	  . '"with_outcome": true}',
	'its row has the keys, and nothing else');

# A zone that is away, whatever the server says of such zones
foreach my $how (qw(error skip))
{
	$t->sim->clear_faults;
	$t->create_server(max_retries => 1, unavailable_zones => $how);
	$session = $t->session;
	$t->sim->fault(
		{
			path => '/dbaas-service',
			zone => 'de-fra-1',
			action => 'status',
			status => 503,
			times => -1
		});
	$t->sim->clear;
	my ($out, $stderr) = $session->sql_both("$ends AND log_limit = 1 ORDER BY 1, 2");
	is($stderr, '', "$how: no error, no warning");
	my @rows = map { [ split /\|/, $_, 3 ] } split /\n/, $out;
	is(scalar @rows, 41, "$how: the services of two zones, and a row for the third");
	($bad) = failed(@rows);
	is_deeply([ @$bad[ 0, 1 ] ], [ 'de-fra-1', '' ], "$how: it has the zone alone");
	like(decoded($bad)->{message}, qr/^GET \/dbaas-service in zone de-fra-1 .* 503$/, $how);
	is(decoded($bad)->{request}, 'GET /dbaas-service', "$how: the list failed");
	is(scalar(grep { $_->{zone} eq 'de-fra-1' } $t->sim->requests),
		2, "$how: after its retries, and nothing else in that zone");

	# A name that the list might have had
	@rows = outcomes("$ends AND service_name = 'pg-1-0001'");
	is_deeply(
		[ map { [ @$_[ 0, 1 ], decoded($_)->{ok} ? 'ok' : 'failed' ] } @rows ],
		[ [ 'ch-gva-2', 'pg-1-0001', 'ok' ], [ 'de-fra-1', 'pg-1-0001', 'failed' ] ],
		"$how: a name without its zone");
}
$t->sim->clear_faults;

# What there is not
@ends = outcomes("$ends AND zone IN ('ch-gva-2', 'no-zone-1') AND service_name IN ('gone')");
is_deeply(
	[ map { [ @$_[ 0, 1 ], decoded($_)->{sqlstate} ] } @ends ],
	[ [ 'no-zone-1', 'gone', '42704' ], [ 'ch-gva-2', 'gone', '42704' ] ],
	'a zone and a service that there are not');

# A page in the middle
$t->sim->fault(
	{ path => $pg_path, zone => 'ch-gva-2', action => 'status', status => 500, skip => 1 });
my $all = "SELECT coalesce(message, 'end'), outcome->>'ok', outcome->>'next_offset', next_offset
	$logs AND $pg AND sort_order = 'asc'";
my @first = split /\n/, $session->sql($all);
is(scalar @first, 501, 'the second page fails: the entries of the first have come');
my ($ok, $next, $shown) = (split /\|/, $first[-1])[ 1 .. 3 ];
is($ok, 'false', 'the end says so');
is($next, (split /\|/, $first[-2])[-1], 'and goes on behind that page');
is($shown, $next, 'in the column of cursors as well');
my @rest = split /\n/, $session->sql("$all AND log_offset = '$next'");
my ($last) = (split /\|/, $rest[-1])[2];
is( scalar @{
		[
			sort keys
			  %{ { map { /^(entry \d+) / ? ($1 => 1) : () } @first[ 0 .. $#first - 1 ], @rest } }
		]
	},
	1200,
	'from there on, every entry is read');
is(scalar @first + scalar @rest, 1202, 'once');

# A page that is no page: none of its entries counts
$t->sim->fault(
	{
		path => $pg_path,
		zone => 'ch-gva-2',
		action => 'merge',
		patch => { logs => [ { message => 'one' }, 'two' ] }
	});
is( $session->sql(
		"SELECT count(message), min(outcome->>'sqlstate'), min(next_offset) $logs AND $pg"
		  . " AND sort_order = 'asc' AND log_offset = '$next'"),
	'0|HV000|',
	'a page of another shape is an end, with none of its entries');

# Entries with a value that is none, and with one that no text can hold
foreach my $bad ({ time => 'yesterday' }, { message => 7 }, { message => "NUL \0" })
{
	$t->sim->fault(
		{
			path => $pg_path,
			zone => 'ch-gva-2',
			action => 'merge',
			patch => { logs => [ { message => 'one' }, $bad ] }
		});
	my $told = "SELECT service_name, count(message), min(outcome->>'sqlstate'),
		bool_or(outcome->>'detail' <> ''), min(outcome->>'message'), count(time)
		$logs AND zone = 'ch-gva-2'
		AND service_name IN ('pg-1-0001', 'mysql-1-0002') AND log_limit = 2 GROUP BY 1 ORDER BY 1";
	my $field = (keys %$bad)[0];
	is( $session->sql($told),
		"mysql-1-0002|2||||2\npg-1-0001|0|HV000|t|"
		  . "POST $pg_path in zone ch-gva-2: field \"$field\" of row 2 cannot be used|0",
		"a $field that cannot be used is an end as well");
}

# Nothing new
$t->sim->clear;
is( $session->sql("SELECT count(time), min(next_offset) $logs AND $pg AND log_offset = '$last'"
		  . " AND sort_order = 'asc'"),
	"0|$last",
	'a log with nothing new has a cursor');
is(scalar $t->sim->requests, 1, 'for one request');
$t->sim->fault(
	{
		path => $pg_path,
		zone => 'ch-gva-2',
		action => 'merge',
		patch => { offset => 'renewed' }
	});
is($session->sql("$ends AND $pg AND log_offset = '$last' AND sort_order = 'asc'"),
	'ch-gva-2|pg-1-0001|{"ok": true, "next_offset": "renewed"}',
	'the one that its empty page has');
is($session->sql("$ends AND zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0016'"),
	'ch-gva-2|clickhouse-1-0016|{"ok": true, "next_offset": null}',
	'a log without any entry has none');

# Joined, each with its cursor
$session->sql(
	"CREATE TEMP TABLE followed AS
	SELECT * FROM (VALUES ('ch-gva-2', 'pg-1-0001', '$last'), ('ch-gva-2', 'gone', NULL),
		('ch-gva-2', 'mysql-1-0002', 'refused'), ('de-fra-1', 'mysql-2-0002', 'gone')) f(z, n, c)");
foreach my $lookahead (qw(on off))
{
	$t->sim->clear;
	is( $session->sql(
			"SET dbaas_fdw.enable_lookahead = $lookahead;
			SELECT n, l.outcome->>'sqlstate', l.with_outcome FROM followed f JOIN exo.dbaas_logs l
				ON l.zone = z AND l.service_name = n AND l.log_offset = c AND l.with_outcome
					AND l.sort_order = 'asc'
			WHERE outcome IS NOT NULL ORDER BY n"),
		"mysql-1-0002|22023|t\nmysql-2-0002|22023|t\npg-1-0001||t",
		"lookahead $lookahead: cursors that are refused");
	is(scalar $t->sim->requests, 3, "lookahead $lookahead: one request for each");
	is( $session->sql(
			q{SELECT n, l.outcome->>'sqlstate' FROM followed f LEFT JOIN LATERAL
				(SELECT * FROM exo.dbaas_metrics l WHERE l.zone = z AND l.service_name = n
				 AND with_outcome = true AND outcome IS NOT NULL) l ON true ORDER BY n}),
		"gone|42704\nmysql-1-0002|\nmysql-2-0002|\npg-1-0001|",
		"lookahead $lookahead: and a service that is gone");
}
$session->sql('RESET dbaas_fdw.enable_lookahead');

# A zone that goes away while its services are asked
$t->create_server(max_retries => 0, max_concurrency => 1);
$t->sim->fault(
	{
		path => '/dbaas-service-metrics/*',
		zone => 'ch-gva-2',
		action => 'status',
		status => 503,
		times => -1
	});
$t->sim->clear;
my $metrics = q{FROM exo.dbaas_metrics WHERE with_outcome AND outcome IS NOT NULL};
is( $session->sql(
		"SELECT zone, count(*), count(*) FILTER (WHERE NOT (outcome->>'ok')::boolean),
			count(outcome->>'request') $metrics AND zone IN ('ch-gva-2', 'at-vie-1')
		GROUP BY 1 ORDER BY 1"),
	"at-vie-1|20|0|0\nch-gva-2|20|20|4",
	'a zone that goes away: all of its services have an outcome');
cmp_ok(scalar(grep { $_->{path} =~ /metrics/ and $_->{zone} eq 'ch-gva-2' } $t->sim->requests),
	'<', 5, 'and few of them are asked');
$t->sim->clear_faults;
$t->sim->fault(
	{
		path => '/dbaas-service-metrics/pg-*',
		zone => 'ch-gva-2',
		action => 'status',
		status => 503,
		times => -1
	});
is( $session->sql("SELECT count(*) FILTER (WHERE NOT (outcome->>'ok')::boolean) $metrics
		AND zone = 'ch-gva-2'"),
	3,
	'single services that are away do not make the zone so');
$t->sim->clear_faults;

# A zone that is away holds up no other one
$t->create_server(max_retries => 4);
$t->sim->fault(
	{
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'status',
		status => 503,
		times => -1
	});
my @order = map { $_->[0] } outcomes("$ends AND log_limit = 1");
is($order[-1], 'ch-gva-2', 'it comes last');
is(scalar @order, 41, 'behind all others');
$t->sim->clear_faults;
$t->create_server(max_retries => 0);

# What ends the statement all the same
my $error = $session->sql_error("SELECT $columns $logs AND log_limit = 501");
is($error->{sqlstate}, '22023', 'a parameter that the API does not take');
$t->sim->fault({ path => $pg_path, action => 'stall', ms => 60000 });
is($session->timed_out("$ends AND $pg", 500)->{sqlstate}, '57014', 'a cancel');
$t->sim->clear_faults;
$session->sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret 'x')});
is( $session->sql("SELECT outcome->>'sqlstate' $logs AND $pg"),
	'28000',
	'a key that the API refuses is an outcome');
$session->sql('DROP USER MAPPING FOR CURRENT_USER SERVER exoscale');
is($session->sql_error("$ends AND $pg")->{sqlstate}, '28000', 'none at all is an error');

# Every way to say it, and to read it
$t->create_server;
my $details = q{SELECT count(outcome), count(*) FROM exo.dbaas_service_details
	WHERE zone = 'ch-gva-2'};
foreach my $says (
	'with_outcome',
	'with_outcome = true',
	'true = with_outcome',
	'with_outcome IS TRUE',
	'with_outcome IN (true)',
	'with_outcome = (SELECT true)')
{
	is($session->sql("$details AND $says"), '20|40', $says);
}
foreach my $says ('NOT with_outcome', 'with_outcome = false', 'with_outcome IS FALSE',
	'with_outcome IS NOT TRUE', 'true')
{
	is($session->sql("$details AND $says"), '0|20', $says);
}
is($session->sql('SELECT count(*) FROM exo.dbaas_service_details WHERE with_outcome IS NULL'),
	0, 'with_outcome IS NULL');
$session->sql('PREPARE told(boolean) AS SELECT count(time), count(outcome) FROM exo.dbaas_logs
	WHERE with_outcome = $1 AND log_limit = 2 AND zone = \'ch-gva-2\'');
$session->sql('SET plan_cache_mode = force_generic_plan');
is($session->sql('EXECUTE told(true)'), '38|20', 'a parameter that is true');
is($session->sql('EXECUTE told(false)'), '38|0', 'and one that is false');
$session->sql('RESET plan_cache_mode');
is( $session->sql("SELECT with_outcome, count(time), count(outcome) FROM exo.dbaas_logs
		WHERE with_outcome IN (true, false) AND log_limit = 2 AND zone = 'ch-gva-2'
		GROUP BY 1 ORDER BY 1"),
	"f|38|0\nt|38|20",
	'both');
foreach my $direction ('', ' DESC')
{
	my @sorted = split /\n/,
	  $session->sql("SELECT coalesce(time::text, 'end') $logs AND log_limit = 3
		AND zone = 'ch-gva-2' ORDER BY time$direction");
	my @ends_of = $direction ? @sorted[ 0 .. 19 ] : @sorted[ -20 .. -1 ];
	is("@ends_of", join(' ', ('end') x 20), "ORDER BY time$direction: the outcomes stay together");
}
is( $session->sql(
		"BEGIN; DECLARE c CURSOR FOR SELECT service_name, outcome->>'ok' $logs AND log_limit = 1
			AND zone = 'ch-gva-2' AND service_name IN ('pg-1-0001', 'mysql-1-0002');
		FETCH 3 FROM c; FETCH ALL FROM c; COMMIT"),
	"mysql-1-0002|\nmysql-1-0002|true\npg-1-0001|\npg-1-0001|true",
	'a cursor');
is($session->sql("SELECT count(*) FROM (SELECT $logs LIMIT 600) x"), 600, 'LIMIT');
$session->sql(
	'CREATE TABLE zoned (zone text, service_name text, outcome jsonb, with_outcome boolean)
		PARTITION BY LIST (zone);'
	  . join '',
	map {
		my $name = s/-/_/gr;
		"CREATE FOREIGN TABLE $name PARTITION OF zoned FOR VALUES IN ('$_')
			SERVER exoscale OPTIONS (resource 'metrics');"
	} $t->sim->zones);
like($session->sql('EXPLAIN SELECT * FROM zoned WHERE with_outcome'),
	qr/Async Foreign Scan/, 'partitions are read at once');
is( $session->sql(
		'SELECT zone, count(*) FROM zoned WHERE with_outcome AND outcome IS NOT NULL
			GROUP BY 1 ORDER BY 1'),
	"at-vie-1|20\nch-gva-2|20\nde-fra-1|20",
	'and tell their outcomes');
$session->sql('DROP TABLE zoned');

# Tables that an earlier version made
$session->sql('ALTER FOREIGN TABLE exo.dbaas_logs DROP COLUMN with_outcome, DROP COLUMN outcome');
is($session->sql('SELECT count(*) FROM exo.dbaas_logs WHERE log_limit = 1'),
	57, 'a table without the columns');
$session->sql(q{SELECT dbaas_fdw_complete('exo')});
is($session->sql("SELECT count(*) FROM ($ends AND log_limit = 1) x"), 60, 'which gets them');

$error = $session->sql_error(
	q{UPDATE exo.dbaas_service_details SET maintenance_dow = 'never' WHERE with_outcome});
is($error->{sqlstate}, '0A000', 'what is no row of the API cannot be written');

done_testing();
