# Several PostgreSQL as one, as examples/many-servers makes them and doc/scale.md says: what is
# asked of whom, what travels, what writes do, and what happens when one of them is down.
use strict;
use warnings;

use DbaasTest;
use HTTP::Tiny;
use IPC::Run qw(start);
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $program = "$ENV{TESTDIR}/examples/many-servers/start";
my @organisations = qw(acme globex initech);
my $json = JSON::PP->new;

plan skip_all => 'no postgres_fdw'
  unless glob qx("$ENV{PG_CONFIG}" --sharedir) =~ s/\n//r . '/extension/postgres_fdw.control';

# All of it runs until the standard input of this is closed
my ($input, $output, $errors) = ('', '', '');
my $all;
{
	local $ENV{SIM_ARGS} = '--zones 2 --services 4 --logs 600 --latency 20';
	my @command = ($program, 'sh', '-c', 'echo "$MANY_SERVERS" && cat');
	$all = start(\@command, '<', \$input, '>', \$output, '2>', \$errors);
}
$all->pump until $output =~ /\n/ || !$all->pumpable;
chomp(my $dir = $output);
ok(-d $dir, 'three nodes and a coordinator run') or BAIL_OUT($errors);

# psql of the coordinator, or of a node: its status, and what it printed
sub psql
{
	my ($sql, $of) = @_;
	my ($port) = read_file(($of // 'coordinator') . '/port');
	my ($out, $err);
	my @command = (
		'psql', '-XAtq', '-h', $dir, '-p', $port, '-U', 'postgres', '-d', 'postgres',
		'-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose');
	IPC::Run::run(\@command, '<', \"$sql;\n", '>', \$out, '2>', \$err);
	my $status = $?;
	return ($status, $out =~ s/\n\z//r, $err);
}

sub sql
{
	my ($sql, $of) = @_;
	my ($status, $out, $err) = psql($sql, $of);
	die "$sql: $err" if $status != 0;
	return $out;
}

sub sql_error
{
	my ($sql) = @_;
	my ($status, undef, $err) = psql($sql);
	die "this should have failed: $sql\n" if $status == 0;
	return DbaasTest::parse_error($err);
}

sub read_file
{
	my ($name) = @_;
	chomp(my @lines = split /^/, slurp_file("$dir/$name"));
	return @lines;
}

sub control
{
	my ($organisation, $method, $what, $data) = @_;
	my ($url) = read_file("$organisation/control");
	my %content = $data ? (content => $json->encode($data)) : ();
	my $answer = HTTP::Tiny->new->request($method, "$url/$what", \%content);
	die "$method $what: $answer->{content}" unless $answer->{success};
	return $json->decode($answer->{content});
}

sub requests { return @{ control($_[0], 'GET', 'requests') } }

# What each simulator is asked while something is done, without what each session asks once
sub asked
{
	my ($what) = @_;
	control($_, 'DELETE', 'requests') foreach @organisations;
	ref $what ? $what->() : sql($what);
	return map {
		$_ => [ sort map { "$_->{method} $_->{path}" } grep { $_->{path} ne '/zone' } requests($_) ]
	} @organisations;
}

sub plan_of { return sql("EXPLAIN (VERBOSE, COSTS OFF) $_[0]") }

# ---------------------------------------------------------------------------
# What is asked of whom, and what travels
# ---------------------------------------------------------------------------

my $services = 'SELECT organisation, count(*) FROM exo.dbaas_services GROUP BY 1 ORDER BY 1';
my %zones = map { $_ => control($_, 'GET', 'state')->{zones} } @organisations;
my %count;
foreach my $name (@organisations)
{
	$count{$name} += $_->{services} foreach @{ $zones{$name} };
}
is(sql($services), join("\n", map { "$_|$count{$_}" } @organisations),
	'the coordinator counts what the simulators have');

my $list = [ ('GET /dbaas-service') x 2 ];
is_deeply({ asked($services) }, { map { $_ => $list } @organisations }, 'one list of each zone');

my $plan = plan_of($services);
is(scalar(() = $plan =~ /Async Foreign Scan/g), 3, 'all nodes work at the same time');
is(scalar(() = $plan =~ /Remote SQL: SELECT organisation, count\(\*\) FROM .* GROUP BY 1$/mg),
	3, 'and count themselves');
unlike(plan_of('SELECT count(*) FROM exo.dbaas_services'),
	qr/Async|Remote SQL: .*count/, 'without the organisation in GROUP BY they do neither');
my $summed = 'SELECT sum(n) FROM (SELECT organisation, count(*) AS n FROM exo.dbaas_services '
  . 'GROUP BY 1) AS s';
is(scalar(() = plan_of($summed) =~ /Async Foreign Scan/g), 3, 'so what they counted is summed up');

# The first node's answer is held back: the others are asked all the same
control('acme', 'POST', 'faults', { action => 'stall', path => '/dbaas-service', times => -1 });
my %waiting;
asked(
	sub {
		my @command = ('psql', '-X', '-h', $dir, '-U', 'postgres', '-c', $services, 'postgres');
		my $psql = start(\@command, '>', \my $out, '2>', \my $err);
		ok( DbaasTest::wait_until(
				sub {
					foreach my $name (@organisations)
					{
						my @lists = grep { $_->{path} =~ /service/ } requests($name);
						$waiting{$name} = [ map { $_->{status} } @lists ];
					}
					return @{ $waiting{acme} } == 2
					  && 4 == grep { defined } map { @{ $waiting{$_} } } qw(globex initech);
				}),
			'two nodes have read while the first one waits');
		is(scalar(grep { defined } @{ $waiting{acme} }), 0, 'which has had no answer');
		$psql->signal('INT');
		$psql->finish;
		return;
	});
control('acme', 'DELETE', 'faults');

# Keys, and parameters of requests
my $log = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my %none = map { $_ => [] } qw(globex initech);
my $one_log = [ 'POST /dbaas-service-logs/pg-1-0001' ];
is_deeply(
	{ asked("SELECT count(*) FROM exo.dbaas_logs WHERE organisation = 'acme' AND $log "
			  . 'AND log_limit = 3') },
	{ %none, acme => $one_log },
	'one organisation, zone, service: one request');
is_deeply(
	{ asked("SELECT message FROM acme_exo.dbaas_logs WHERE $log ORDER BY time DESC LIMIT 3") },
	{ %none, acme => $one_log },
	"LIMIT and order travel to an organisation's own table");
is($json->decode((grep { $_->{body} } requests('acme'))[0]{body})->{limit}, 3, 'and to the API');
my $since = "SELECT organisation, count(*) FROM exo.dbaas_logs WHERE $log AND time >= ";
my %first_page = asked("$since (SELECT timestamptz '2026-01-01 23:00+00') GROUP BY 1");
is_deeply(\%first_page, { map { $_ => $one_log } @organisations },
	'the value of a subquery travels as a bound');
unlike(plan_of("$since now() - interval '1 hour' GROUP BY 1"),
	qr/Remote SQL: .*"time" >/, 'one that depends on the session does not');
like(
	plan_of(
		'SELECT organisation, service_name, count(*) FROM hist.logs GROUP BY 1, 2'),
	qr/Remote SQL: .*count\(\*\) FROM shared_hist\.logs GROUP BY 1, 2$/m,
	'entries are counted where the history is');

# Joins
my $join = 'FROM exo.dbaas_services s JOIN exo.dbaas_metrics m ON m.organisation = s.organisation '
  . 'AND m.zone = s.zone AND m.service_name = s.name';
is(scalar(() = plan_of("SELECT s.organisation, max(m.value) $join GROUP BY 1") =~ /JOIN \(/g),
	3, 'a join is made on the nodes');
control($_, 'POST', 'config', { latency => 200 }) foreach @organisations;
asked("SELECT s.organisation, s.name, m.value $join");
control($_, 'POST', 'config', { latency => 0 }) foreach @organisations;
foreach my $name (@organisations)
{
	my @metrics = grep { $_->{path} =~ /metrics/ } requests($name);
	is(scalar @metrics, $count{$name}, "$name asks for each service once");
	cmp_ok((sort { $b <=> $a } map { $_->{in_flight} } @metrics)[0],
		'>', 2, 'and for several at a time');
}

# The histories
is_deeply({ asked('SELECT count(*) FROM hist.logs') }, { %none, acme => [] },
	'the history is read without the API');
is( sql('SELECT organisation, count(*) FROM hist.logs GROUP BY 1 ORDER BY 1'),
	join("\n", map { "$_|" . 600 * $count{$_} } @organisations),
	'and has what was collected');

# A transaction of the coordinator is one of REPEATABLE READ on each node
my $twice = "BEGIN; $services; $services; COMMIT";
is_deeply({ asked($twice) }, { map { $_ => $list } @organisations },
	'two statements of a transaction are one list');
my $all_logs = 'SELECT organisation, count(*) FROM exo.dbaas_logs GROUP BY 1';
sql(q{ALTER ROLE coordinator SET dbaas_fdw.cache_size = '64kB'}, 'globex');
is(sql_error($all_logs)->{sqlstate}, '53400', 'whose answers must fit into cache_size on the node');
sql(q{ALTER ROLE coordinator SET dbaas_fdw.cache_size = '256MB'}, 'globex');
like(sql($all_logs), qr/^globex\|4800$/m, "which is the role's");

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

my $service = q{zone = 'ch-gva-2' AND name = 'pg-1-0001'};
my %refused = asked(
	sub {
		foreach my $table ('exo.dbaas_services', 'acme_exo.dbaas_services')
		{
			my @statements = (
				"UPDATE $table SET termination_protection = false WHERE $service",
				"DELETE FROM $table WHERE $service",
				"INSERT INTO $table (organisation, zone, name, type, plan) VALUES "
				  . q{('acme', 'ch-gva-2', 'n', 'pg', 'startup-4')});
			isnt(sql_error($_), undef, 'refused: ' . substr $_, 0, 30) foreach @statements;
		}
	});
is(scalar(grep { !/^GET/ } map { @$_ } values %refused), 0, 'nothing is written');

# Tables of the nodes themselves, for writing: each node has its own COMMIT
sql(join '',
	map {
		my ($port) = read_file("$_/port");
		"CREATE SERVER w_$_ FOREIGN DATA WRAPPER postgres_fdw "
		  . "OPTIONS (host '$dir', port '$port', dbname 'postgres');"
		  . "CREATE USER MAPPING FOR CURRENT_USER SERVER w_$_ OPTIONS (user 'postgres');"
		  . "CREATE SCHEMA w_$_;"
		  . "IMPORT FOREIGN SCHEMA exo LIMIT TO (dbaas_services) FROM SERVER w_$_ INTO w_$_;"
	} qw(acme globex));
sub changes
{
	my ($plan) = @_;
	my $change = "dbaas_services SET plan = '$plan' WHERE $service";
	return "UPDATE w_acme.$change; UPDATE w_globex.$change;";
}
sub puts { return scalar grep { $_->{method} eq 'PUT' } requests($_[0]) }

asked(sub { sql('BEGIN;' . changes('business-8') . 'ROLLBACK') });
is(puts('acme') + puts('globex'), 0, 'a ROLLBACK sends nothing');
asked(sub { sql('BEGIN;' . changes('business-8') . 'COMMIT') });
is(puts('acme') . puts('globex'), '11', 'a COMMIT sends each change to its node');

# One of two is refused: was the other one sent?
sub other_is_sent
{
	my ($refusing, $other, $plan) = @_;
	control($refusing, 'POST', 'faults',
		{ action => 'status', status => 422, method => 'PUT', body => '{"message":"no"}' });
	my $error;
	asked(sub { $error = sql_error('BEGIN;' . changes($plan) . 'COMMIT') });
	is($error->{sqlstate}, '22023', "$refusing refuses");
	control($refusing, 'DELETE', 'faults');
	return $other;
}
my $sent = puts(other_is_sent('acme', 'globex', 'startup-8'));
$sent += puts(other_is_sent('globex', 'acme', 'business-4'));
is($sent, 1, 'one of the nodes comes first: its COMMIT stays, when the other one fails');
sql("ALTER SERVER w_$_ OPTIONS (ADD parallel_commit 'true')") foreach qw(acme globex);
foreach my $names ([ qw(acme globex) ], [ qw(globex acme) ])
{
	my $other = other_is_sent(@$names, $names->[0] eq "acme" ? "startup-4" : "hobbyist-2");
	ok(DbaasTest::wait_until(sub { puts($other) == 1 }), "with parallel_commit $other never waits");
}

# ---------------------------------------------------------------------------
# What is down
# ---------------------------------------------------------------------------

sql('CREATE TABLE inventory AS SELECT organisation, zone, name FROM exo.dbaas_services');
my $gone = 'SELECT count(*) FROM inventory i LEFT JOIN exo.dbaas_services s '
  . 'USING (organisation, zone, name) WHERE s.name IS NULL';
is(sql($gone), 0, 'nothing is gone');

# The API of an organisation, in one zone
my %away = (action => 'status', status => 503, path => '/dbaas-service', zone => 'de-fra-1');
control('globex', 'POST', 'faults', { %away, times => -1 });
sql(q{ALTER SERVER exoscale OPTIONS (ADD max_retries '0')}, 'globex');
my $error = sql_error($services);
is($error->{sqlstate}, 'HV000', 'a zone that is away is an error');
like($error->{message}, qr/in zone de-fra-1/, 'which names it');
like($error->{context}, qr/remote SQL command/, 'and says that it is a node that says so');
is(sql(q{SELECT count(*) FROM hist.logs WHERE organisation = 'globex'}),
	600 * $count{globex}, 'its history is there');
sql(q{ALTER ROLE coordinator SET dbaas_fdw.unavailable_zones = 'skip'}, 'globex');
my ($status, $rows, $told) = psql($services);
is($rows, "acme|$count{acme}\nglobex|" . $count{globex} / 2 . "\ninitech|$count{initech}",
	'under skip the rest is there');
SKIP:
{
	skip 'PostgreSQL passes warnings of nodes on', 2 if sql('SHOW server_version_num') >= 190000;
	is($told, '', 'and the client is not told');
	like(slurp_file("$dir/coordinator/log"),
		qr/WARNING:.*de-fra-1/, "but the coordinator's log is");
}
is(sql($gone), $count{globex} / 2, 'nor does the node know that a missing row makes one here');
sql('ALTER ROLE coordinator RESET dbaas_fdw.unavailable_zones', 'globex');
control('globex', 'DELETE', 'faults');

# A node
my @node = ('-s', '-w', '-D', "$dir/globex/data");
is(system('pg_ctl', 'stop', '-m', 'fast', @node), 0, 'a node stops');
is(sql_error($services)->{sqlstate}, '08001', 'then all of a query fails');
my $without = "acme|$count{acme}\ninitech|$count{initech}";
is( sql(q{SELECT organisation, count(*) FROM exo.dbaas_services
		WHERE organisation = ANY ('{acme,initech}') GROUP BY 1 ORDER BY 1}),
	$without, 'unless it names the others');
($status, $rows, $told) = psql("CALL fleet.check(); $services");
like($told, qr/WARNING:  01000: globex is left out: could not connect to server "globex"/,
	'fleet.check() leaves it out');
is($rows, $without, 'and the rest is there');
is(sql(q{SELECT organisation, reason FROM fleet.organisations WHERE left_out IS NOT NULL}),
	'globex|could not connect to server "globex"', 'with a note that it is not all');
is((psql('CALL fleet.check()'))[2], '', 'which is said once');
is(system('pg_ctl', 'start', '-l', "$dir/globex/log", @node), 0, 'the node is back');
($status, $rows, $told) = psql("CALL fleet.check(); $services");
like($told, qr/NOTICE:  00000: globex takes part again/, 'it takes part again');
is($rows, join("\n", map { "$_|$count{$_}" } @organisations), 'with what it has');

# A node that starts anew below a connection
is( sql("$services;\n\\! pg_ctl restart -m fast -l $dir/globex/log @node >/dev/null\n$services"),
	join("\n", map { "$_|$count{$_}" } (@organisations) x 2),
	'a session goes on when a node has restarted');

# ---------------------------------------------------------------------------
# Nothing stays
# ---------------------------------------------------------------------------

my @processes = map { (read_file($_))[0] } (map { "$_/sim.pid" } @organisations),
  map { "$_/data/postmaster.pid" } @organisations, 'coordinator';
is(scalar(grep { kill 0, $_ } @processes), 7, 'seven programs run');
$input = undef;
$all->finish;
is($?, 0, 'it ends');
ok(!-e $dir, 'nothing is left of it');
ok(DbaasTest::wait_until(sub { !grep { kill 0, $_ } @processes }), 'and nothing runs');

# What it shows
{
	local $ENV{SIM_ARGS} = '--zones 2 --services 4 --logs 600';
	my $shown = qx($program 2>&1);
	is($?, 0, 'it shows its queries');
	like($shown, qr/^ globex +\| de-fra-1 \| +4 \|/m, 'their rows');
	like($shown, qr/Async Foreign Scan/, 'their plans');
	like($shown, qr/^ initech +\| POST \/dbaas-service-metrics\S* +\| +2$/m, 'what is asked');
	like($shown, qr/could not connect to server "globex"/, 'and what happens when a node is down');
}

# Its measurements work, in little, and get into a page
{
	local $ENV{SIZE} = 'small';
	my $measured = qx($ENV{TESTDIR}/bench/scale saturation);
	is($?, 0, 'it can be measured');
	my $files = PostgreSQL::Test::Utils::tempdir();
	my ($results, $page) = map { "$files/$_" } 'results', 'page';
	append_to_file($results, $measured);
	append_to_file($page, slurp_file("$ENV{TESTDIR}/doc/scale.md"));
	is(system("$ENV{TESTDIR}/bench/scale", '--page', $results, $page), 0, 'and put into the page');
	my $rows = () = slurp_file($page) =~ /^\| \d+ ms \| (?:8|16|32|64) \| (?:small|large) \|/mg;
	is($rows, 24, 'row by row');
}

done_testing();
