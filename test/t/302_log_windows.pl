# Windows of time in logs: how few pages are read, from which end, and that the rows are right.
use strict;
use warnings;

use DbaasLogApi;
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 1, services => 3, logs => 100_000);
my $session = $t->session;
my $pg = q{exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my $both = $pg =~ s/= 'pg-1-0001'/IN ('pg-1-0001', 'mysql-1-0002')/r;
my $all = q{exo.dbaas_logs WHERE zone = 'ch-gva-2'};

# 200 pages of each service
$session->sql(
	"CREATE TABLE copied AS SELECT zone, service_name, time, message FROM exo.dbaas_logs;
	CREATE INDEX ON copied (service_name, time); ANALYZE copied");
is($session->sql("SELECT count(*) FROM copied WHERE service_name = 'pg-1-0001'"),
	100_000, 'all entries are there');

# Time of the entry with that number
my ($first, $step) = split /\|/, $session->sql(
	"SELECT min(time), (max(time) - min(time)) / 99999 FROM copied
	WHERE service_name = 'pg-1-0001'");
sub at { return "(timestamptz '$first' + $_[0] * interval '$step')" }

# The log requests while $sql runs, as "order limit" and "on" if there is a cursor
sub reads
{
	my ($sql) = @_;
	return map {
		my $body = JSON::PP::decode_json($_->{body});
		"$body->{'sort-order'} $body->{limit}" . (exists $body->{offset} ? ' on' : '')
	} grep { $_->{path} =~ m{^/dbaas-service-logs/} } $session->requests($sql);
}

# So many pages from one end: the first and those after it
sub pages
{
	my ($order, $n) = @_;
	return ("$order 500", ("$order 500 on") x ($n - 1));
}

# Compares what is sent with what is expected, and the rows with those of a local copy.  An
# order makes rows comparable where $sql has none.
sub asks
{
	my ($sql, $expected, $name) = @_;
	$name //= $sql =~ s/.*?service_name[^)']*'[^']*' //rs;
	is_deeply([ reads($sql) ], $expected, "sent for $name");
	my ($seen, $right) =
	  map { $session->sql("SELECT count(*), md5(string_agg(x::text, ',' ORDER BY x)) FROM ($_) x") }
	  $sql, $sql =~ s/exo\.dbaas_logs/copied/r =~ s/AND (sort_order|log_limit) = \S+//gr;
	is($seen, $right, 'and the rows are right');
	return;
}

sub stops_at
{
	my ($sql) = @_;
	my $plan = $session->sql("EXPLAIN (COSTS OFF) $sql");
	my ($stop) = $plan =~ /^\s+Stop At: (.*)/m;
	my ($order) = $plan =~ /^\s+Order: (.*)/m;
	return (($order // '') . ': ' . ($stop // '')) =~
	  s/'(\d{4}-\d\d-\d\d)[^']*'::timestamp with time zone/'$1'/gr;
}

# ---------------------------------------------------------------------------
# Oldest first: a read stops at its upper bound
# ---------------------------------------------------------------------------

my ($from, $to) = (at(600), at(1900));
my $window = "time BETWEEN $from AND $to";

asks("SELECT time, message FROM $pg AND sort_order = 'asc' AND $window", [ pages('asc', 4) ]);
asks("SELECT time, message FROM $pg AND sort_order = 'asc' AND time < $to", [ pages('asc', 4) ]);
asks("SELECT time, message FROM $pg AND $window ORDER BY time", [ pages('asc', 4) ]);
asks("SELECT time, message FROM $pg AND time < $to ORDER BY time", [ pages('asc', 4) ]);
asks(
	"SELECT * FROM (SELECT time, message FROM $pg AND $_ ORDER BY time) x",
	[ pages('asc', 5) ],
	"$_, which ends with a page"
) foreach 'time <= ' . at(1999), 'time < ' . at(2000), "time BETWEEN $from AND " . at(1999);
asks("SELECT time, message FROM $pg AND $_ ORDER BY time", [ pages('asc', 4) ], $_)
  foreach "$to > time", "$to >= time", "NOT time >= $to",
  "time < $to AND time < now()",
  "time < $to AND time <= 'infinity'",
  "time > '-infinity' AND time < $to",
  "time < (SELECT $to)",
  "time < timestamp '2026-01-01' + ($to - timestamptz '2026-01-01 00:00:00+00')",
  "time < now() - (now() - $to)",
  "time < $to AND message LIKE 'entry %'";
asks(
	"SELECT time, message FROM $pg AND sort_order = 'asc' AND time = " . at(700),
	[ pages('asc', 2) ],
	'an equality');

# A limit of entries is requested where they come first
asks("SELECT time, message FROM $pg AND time < $to ORDER BY time LIMIT 7", ['asc 7']);
asks("SELECT time, message FROM $pg AND time < $to ORDER BY time LIMIT 600",
	[ 'asc 500', 'asc 100 on' ]);
asks('SELECT time, message FROM ' . $pg . ' AND time < ' . at(3) . ' ORDER BY time LIMIT 7',
	['asc 7']);
asks("SELECT time, message FROM $pg AND time > $from ORDER BY time DESC LIMIT 7", ['desc 7']);
asks("SELECT time, message FROM $pg AND $window ORDER BY time LIMIT 7", [ pages('asc', 4) ]);
asks("SELECT time, message FROM $pg AND sort_order = 'asc' AND time < $to ORDER BY time LIMIT 7",
	[ pages('asc', 4) ]);
asks(
	'SELECT time, message FROM '
	  . $pg
	  . ' AND time < '
	  . at(99_990)
	  . ' ORDER BY time DESC LIMIT 7',
	['desc 500']);

# Several services: each stops by itself
my $of_other = $session->sql(
	"SELECT count(*) / 500 + 1 FROM copied
	WHERE service_name = 'mysql-1-0002' AND time < $to + interval '1 s'");
is_deeply(
	[ sort(reads("SELECT time, message FROM $both AND time < $to ORDER BY time")) ],
	[ sort(pages('asc', 4), pages('asc', $of_other)) ],
	'a merge of two services');
is_deeply([ grep { !/^asc/ } reads("SELECT time, message FROM $all AND time < $to ORDER BY time") ],
	[], 'so do those that are listed');
is( $session->sql(
		"SELECT count(*), max(time) FROM (SELECT * FROM $all AND time < $to ORDER BY time) x"),
	$session->sql("SELECT count(*), max(time) FROM copied WHERE time < $to"),
	'and none of their rows is lost');
is( $session->sql(
		"SELECT string_agg(message, ',') FROM (SELECT * FROM $both AND time < $to ORDER BY time) x"
	),
	$session->sql(
		"SELECT string_agg(message, ',' ORDER BY time) FROM copied WHERE time < $to
		AND service_name IN ('pg-1-0001', 'mysql-1-0002')"),
	'and the rows of a merge are in order');

# ---------------------------------------------------------------------------
# Both bounds and an order of time: from the nearer end
# ---------------------------------------------------------------------------

my $window_of = sub { return 'time BETWEEN ' . at($_[0]) . ' AND ' . at($_[1]) };

asks("SELECT time, message FROM $pg AND " . $window_of->(10, 20) . ' ORDER BY time',
	['asc 500'], 'the oldest entries');
asks(
	"SELECT time, message FROM $pg AND " . $window_of->(1600, 1900) . ' ORDER BY time',
	[ pages('asc', 4) ],
	'near the oldest entries');
asks(
	"SELECT time, message FROM $pg AND " . $window_of->(20_100, 20_200) . ' ORDER BY time',
	[ 'asc 500', 'desc 500', ('asc 500 on') x 40 ],
	'a tenth from the oldest entries');
asks(
	"SELECT time, message FROM $pg AND " . $window_of->(80_100, 80_200) . ' ORDER BY time',
	[ 'asc 500', 'desc 500', ('desc 500 on') x 39 ],
	'a fifth from the newest entries');
asks(
	"SELECT time, message FROM $pg AND " . $window_of->(99_600, 99_700) . ' ORDER BY time',
	[ 'asc 500', 'desc 500' ],
	'near the newest entries, which are old');
asks(
	"SELECT time, message FROM $pg AND time BETWEEN '2000-01-01' AND $to ORDER BY time",
	[ 'desc 500', pages('asc', 4) ],
	'a window that begins long ago');
asks(
	"SELECT time, message FROM $pg AND " . $window_of->(400, 5100) . ' ORDER BY time',
	[ pages('asc', 11) ],
	'a window that begins in the first page');
asks("SELECT time, message FROM $pg AND $_ ORDER BY time", ['desc 500'], "$_ is recent")
  foreach 'time BETWEEN ' . at(99_600) . " AND 'infinity'",
  'time BETWEEN ' . at(99_600) . ' AND now()',
  'time > ' . at(99_600),
  "time > now() - interval '1 hour'",
  "time BETWEEN now() - interval '1 hour' AND now()";

# Who asks for an order, or for no order of time, gets what the API has first
asks(
	"SELECT time, message FROM $pg AND sort_order = 'desc' AND time BETWEEN "
	  . at(99_600) . ' AND '
	  . at(99_700)
	  . ' ORDER BY time',
	['desc 500']);
asks(
	"SELECT time, message FROM $pg AND log_limit = 10 AND time BETWEEN "
	  . at(99_990) . ' AND '
	  . at(99_995)
	  . ' ORDER BY time',
	['desc 10']);
is_deeply([ (reads("SELECT time FROM $pg AND $window LIMIT 1"))[0] ],
	['desc 500'], 'without an order, the newest come first');
is($session->sql("SELECT count(*) FROM $pg AND log_limit = 10 AND $window"),
	0, 'log_limit still counts from the newest');

# ---------------------------------------------------------------------------
# No request
# ---------------------------------------------------------------------------

asks("SELECT time, message FROM $pg AND $_ ORDER BY time", [], $_)
  foreach "time < NULL", "time < (SELECT NULL::timestamptz)",
  "time BETWEEN $to AND $from", "time > $to AND time < $from",
  "time > $to AND time <= $to", "time >= $to AND time < $to",
  "time = $to AND time > $to", "time < (SELECT $from) AND time > (SELECT $to)",
  "time > date '2026-01-02' AND time < date '2026-01-01'";
asks(
	"SELECT time, message FROM $pg AND sort_order = 'asc' AND time >= $to AND time <= $to",
	[ pages('asc', 4) ],
	'bounds that leave one time');

# ---------------------------------------------------------------------------
# Values that are known only when it runs
# ---------------------------------------------------------------------------

foreach my $mode (qw(force_custom_plan force_generic_plan))
{
	$session->sql(
		"SET plan_cache_mode = $mode;
		PREPARE before(timestamptz) AS SELECT time FROM $pg AND time < \$1 ORDER BY time;
		PREPARE span(timestamptz, timestamptz) AS
			SELECT time FROM $pg AND time > \$1 AND time < \$2 ORDER BY time;
		PREPARE given(text, timestamptz, timestamptz) AS
			SELECT time FROM $pg AND sort_order = \$1 AND time > \$2 AND time < \$3");
	is_deeply([ reads("EXECUTE before($to)") ], [ pages('asc', 4) ], "$mode: before \$1");
	is_deeply([ reads('EXECUTE before(NULL)') ], [], "$mode: before NULL");
	is_deeply([ reads("EXECUTE span($from, $to)") ], [ pages('asc', 4) ], "$mode: a window");
	is_deeply([ reads("EXECUTE span($to, $from)") ], [], "$mode: an empty window");
	is_deeply([ reads('EXECUTE span(' . at(99_600) . ', now())') ],
		['desc 500'], "$mode: a recent window");
	is_deeply(
		[ reads("EXECUTE given('asc', $from, $to)") ],
		[ pages('asc', 4) ],
		"$mode: an order that is a parameter");
	is_deeply([ reads('EXECUTE given(\'desc\', ' . at(99_600) . ', ' . at(99_700) . ')') ],
		['desc 500'], "$mode: the other one");
	$session->sql('DEALLOCATE ALL');
}
$session->sql('RESET plan_cache_mode');

$session->sql(
	"CREATE TABLE incidents (service text, since timestamptz, until timestamptz, way text);
	INSERT INTO incidents VALUES ('pg-1-0001', $from, $to, 'asc'), ('pg-1-0001', NULL, $to, 'asc'),
		('mysql-1-0002', $to, $from, 'asc'),
		('pg-1-0001', " . at(99_600) . ", 'infinity', 'desc')");
my $joined = q{SELECT i.since, l.time, l.message FROM incidents i, LATERAL (SELECT time, message
	FROM %s WHERE zone = 'ch-gva-2' AND service_name = i.service %s
	AND time BETWEEN i.since AND i.until ORDER BY time OFFSET 0) l ORDER BY 1, 2};
foreach my $order ('', 'AND sort_order = i.way')
{
	my $sql = sprintf $joined, 'exo.dbaas_logs', $order;
	is_deeply(
		[ sort(reads($sql)) ],
		[ sort(pages('asc', 4), 'desc 500') ],
		"bounds of outer rows $order");
	is($session->sql($sql), $session->sql(sprintf $joined, 'copied', ''), 'and the rows are right');
}

# A cursor that stops half-way, and begins again
is( $session->sql(
		qq{BEGIN; DECLARE c SCROLL CURSOR FOR SELECT message FROM $pg AND $window
	ORDER BY time; MOVE 700 c; FETCH 2 c; MOVE BACKWARD ALL c; FETCH 1 c; COMMIT}),
	$session->sql(
		qq{BEGIN; DECLARE c SCROLL CURSOR FOR SELECT message FROM copied
	WHERE service_name = 'pg-1-0001' AND $window ORDER BY time; MOVE 700 c; FETCH 2 c;
	MOVE BACKWARD ALL c; FETCH 1 c; COMMIT}),
	'a cursor goes to and fro');

# ---------------------------------------------------------------------------
# EXPLAIN says what is done
# ---------------------------------------------------------------------------

my ($one, $two) = ("'2026-01-01 00:00:00+00'", "'2026-01-02 00:00:00+00'");
foreach (
	[ "time BETWEEN $one AND $two", '', ": time < '2026-01-01'" ],
	[ "time < $two", '', ': ' ],
	[ "time < $two", 'ORDER BY time DESC', 'time DESC: ' ],
	[ "time < $two", 'ORDER BY time', "time ASC: time > '2026-01-02'" ],
	[ "time BETWEEN $one AND $two", 'ORDER BY time DESC', "time DESC: time < '2026-01-01'" ],
	[
		"time BETWEEN $one AND $two",
		'ORDER BY time',
		"time ASC or DESC: time < '2026-01-01', time > '2026-01-02'"
	],
	[ "time = $one", "AND sort_order = 'asc'", ": time > '2026-01-01'" ],
	[ "time BETWEEN $one AND $two", "AND sort_order = 'asc'", ": time > '2026-01-02'" ],
	[ "time BETWEEN $one AND $two", "AND sort_order = 'desc'", ": time < '2026-01-01'" ],
	[ "time < $two", "AND sort_order = 'desc'", ': ' ],
	[ "time > $one", "AND sort_order = 'asc'", ': ' ],
	[
		"time BETWEEN $one AND $two",
		"AND sort_order = (SELECT 'asc')",
		": time < '2026-01-01', time > '2026-01-02'"
	],
	[ "time < $two OR message = 'x'", 'ORDER BY time', 'time ASC: ' ])
{
	my ($where, $rest, $expected) = @$_;
	is(stops_at("SELECT * FROM $pg AND ($where) $rest"), $expected, "EXPLAIN of $where $rest");
}

$session->sql("SELECT count(*) FROM $pg; ANALYZE exo.dbaas_logs");
foreach (
	[ "time < $to", 'all' ],
	[ "time < $to ORDER BY time", 'few' ],
	[ 'time < ' . at(200_000) . ' ORDER BY time', 'all' ],
	[ 'time > ' . at(200_000) . ' ORDER BY time', 'few' ])
{
	my ($where, $expected) = @$_;
	my ($n) = $session->sql("EXPLAIN SELECT * FROM $pg AND $where") =~ /Expected Requests: (\d+)/;
	is($n < 5 ? 'few' : $n >= 200 ? 'all' : $n, $expected, "$expected are expected for $where");
}

# ---------------------------------------------------------------------------
# Entries out of order by up to a second, and of equal times
# ---------------------------------------------------------------------------

srand(my $seed = $ENV{DBAAS_RANDOM_SEED} // 1);
my $n = 2400;
my $now = time;

# The times in tenths of a second of a log that begins so many seconds before now
sub disordered
{
	my ($seconds_ago, $step) = @_;
	return map { ($now - $seconds_ago) * 10 + int($_ * $step * 10 + rand 10) } 1 .. $n;
}

my %logs = (
	recent => [ disordered($n * 0.3, 0.3) ],
	old => [ disordered(10_000_000, 0.3) ],
	bursts => [ sort { $a <=> $b } map { $_ - $_ % 50 } disordered(100_000, 0.3) ]);

foreach my $times (values %logs)
{
	$times =
	  [ map { POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime int($_ / 10)) . '.' . $_ % 10 . 'Z' }
		  @$times ];
}

my $page = 40;
my $api = DbaasLogApi->start(
	$page,
	map {
		my $times = $logs{$_};
		($_ => [ map { [ $times->[$_], "entry $_" ] } 0 .. $n - 1 ])
	} keys %logs);
$t->create_server(endpoint => $api->endpoint_template, zones => 'ch-gva-2');
$session->sql(
	q{DROP TABLE copied; CREATE TABLE copied AS
	SELECT service_name, time, message FROM exo.dbaas_logs
	WHERE zone = 'ch-gva-2' AND service_name IN ('recent', 'old', 'bursts');
	CREATE INDEX ON copied (service_name, time); ANALYZE copied});
is($session->sql('SELECT count(*) FROM copied'), 3 * $n, 'the other API has its entries');
$api->orders;

# The number of an entry near the edge of a page, some pages after another, or none so far
sub near_edge
{
	my ($after, $pages) = @_;
	return $page * int($after / $page + rand $pages) + int(rand 9) - 4;
}

my (%ends, $wrong);
foreach (1 .. $ENV{DBAAS_RANDOM_COUNT} // 150)
{
	my @names = ((sort keys %logs)[ rand 3 ]) x 2;
	$names[1] = (sort keys %logs)[ rand 3 ] if rand() < 0.2;
	my $first = near_edge(0, rand() < 0.3 ? 1 : $n / $page);
	my $last = near_edge($first, rand() < 0.5 ? 3 : $n / $page);
	my ($since, $until) =
	  map { "timestamptz '" . $logs{ $names[0] }[ $_ < 0 ? 0 : $_ < $n ? $_ : $n - 1 ] . q{'} }
	  $first, $last;
	my ($lower, $upper) =
	  map { $_->[ rand @$_ ] }[ "time >= $since", "time > $since" ],
	  [ "time <= $until", "time < $until" ];
	my @bounds = ((rand() < 0.8 ? $lower : ()), (rand() < 0.9 ? $upper : ()));
	my $where = join ' AND ',
	  'service_name IN (' . join(', ', map { "'$_'" } @names) . ')', @bounds;
	my $given = ('', '', '', " AND sort_order = 'asc'", " AND sort_order = 'desc'")[ rand 5 ];
	my $order = ('', ' DESC')[ rand 2 ];
	# A LIMIT that is requested relies on the API's order as it is
	my $limit = @bounds == 2 && rand() < 0.4 ? ' LIMIT ' . int(1 + rand 100) : '';
	my $list =
	  "SELECT string_agg(time::text, ',') FROM (SELECT time FROM %s ORDER BY time$order$limit) x";
	my $set =
		"SELECT count(*), md5(string_agg(message, ',' ORDER BY service_name, message)) "
	  . "FROM (SELECT * FROM %s"
	  . (rand() < 0.5 ? " ORDER BY time$order" : '') . ') x';

	foreach my $sql ($limit ? $list : ($list, $set))
	{
		my $seen =
		  $session->sql(sprintf $sql, "exo.dbaas_logs WHERE zone = 'ch-gva-2' AND $where$given");
		$ends{ join ' ', map { s/ on//r } grep { !/on/ } $api->orders }++;
		next if $seen eq $session->sql(sprintf $sql, "copied WHERE $where");
		$wrong++;
		diag(sprintf $sql, "exo.dbaas_logs WHERE $where$given");
	}
}
is($wrong, undef, "random windows have the right rows (DBAAS_RANDOM_SEED=$seed)");
ok($ends{$_}, "some were read so: $_") foreach 'asc', 'desc', 'asc desc', 'desc asc';

done_testing();
