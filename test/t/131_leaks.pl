# Errors, cancels and scans that end early leave nothing behind in the backend.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 1200, server => { max_retries => 0 });
my $session = $t->session;
my $pid = $session->pid;

# Open descriptors of the backend: sockets, and others.  PostgreSQL keeps the
# files of relations open as it likes.
sub descriptors
{
	my @links = grep { !m{/pgdata/} } map { readlink($_) // () } glob "/proc/$pid/fd/*";
	my $sockets = grep { /^socket:/ } @links;
	return ($sockets, @links - $sockets);
}

sub rss { return DbaasTest::rss($pid) // die 'the backend has ended' }

# The extension's memory contexts, and how many of each
sub contexts
{
	return $session->sql(
		q{
		SELECT string_agg(name || ' ' || n, ', ' ORDER BY name)
		FROM (SELECT name, count(*) AS n FROM pg_backend_memory_contexts WHERE name LIKE 'dbaas%'
			GROUP BY name) c}
	);
}

sub repeat
{
	my ($times, $sql) = @_;
	return "DO \$do\$ BEGIN FOR i IN 1 .. $times LOOP BEGIN $sql EXCEPTION WHEN OTHERS "
	  . "THEN NULL; END; END LOOP; END \$do\$";
}

my $services = 'PERFORM * FROM exo.dbaas_services;';
my %round = (
	'errors of the API' => sub {
		$t->sim->fault(
			{
				path => '/dbaas-service',
				action => 'status',
				status => 500,
				times => -1,
				body => 'x' x 5000
			});
		$session->sql(repeat(50, $services));
	},
	'broken connections' => sub {
		$t->sim->fault({ path => '/dbaas-service', action => 'close', times => -1 });
		$session->sql(repeat(50, $services));
	},
	'broken bodies' => sub {
		$t->sim->fault({ path => '/dbaas-service', action => 'cut', times => -1 });
		$session->sql(repeat(50, $services));
	},
	'answers that are not JSON' => sub {
		$t->sim->fault(
			{
				path => '/dbaas-service',
				action => 'body',
				times => -1,
				body => '{"dbaas-services":[' . '{},' x 2000
			});
		$session->sql(repeat(50, $services));
	},
	'wrong fields' => sub {
		$t->sim->fault(
			{
				path => '/dbaas-service',
				action => 'body',
				times => -1,
				body => '{"dbaas-services":[' . '{"name":"x"},' x 2000 . '{"name":7}]}'
			});
		$session->sql(repeat(50, $services));
	},
	'cancels' => sub {
		$t->sim->fault({ path => '/dbaas-service', action => 'stall', ms => 60000, times => -1 });
		foreach (1 .. 30)
		{
			$session->timed_out('SELECT * FROM exo.dbaas_services', 20);
		}
	},
	'scans that end early' => sub {
		$session->sql(repeat(60, 'PERFORM * FROM exo.dbaas_logs LIMIT 1;'));
		$session->sql('BEGIN; DECLARE c CURSOR FOR SELECT * FROM exo.dbaas_logs; FETCH 1 '
			  . 'FROM c; CLOSE c; ROLLBACK')
		  foreach 1 .. 20;
		$session->sql(repeat(20, 'PERFORM 1 WHERE EXISTS (SELECT FROM exo.dbaas_metrics);'));
	},
	'errors of the statement' => sub {
		$session->sql(
			repeat(50, 'PERFORM 1 / (length(message) - length(message)) FROM exo.dbaas_logs;'));
	},
	'whole reads' => sub {
		$session->sql(repeat(5, 'PERFORM * FROM exo.dbaas_logs;'));
		$session->sql(repeat(50, $services));
	});

sub settle
{
	$t->sim->clear_faults;
	$session->sql('SELECT count(*) FROM exo.dbaas_external_integrations');
	return;
}

sub run_all
{
	my ($after) = @_;
	foreach my $name (sort keys %round)
	{
		$round{$name}->();
		settle();
		$after->($name);
	}
	return;
}

# What the first round opens may stay open: the connections, and what PostgreSQL caches
run_all(sub { });
my ($sockets, $files) = descriptors();
my ($contexts, $memory) = (contexts(), rss());
my $connections = 8;    # max_concurrency
like($contexts, qr/^dbaas_fdw connection 1, /, "memory contexts of a session at rest: $contexts");
unlike(
	$contexts,
	qr/(?:call|request|fetch|chain|scan|row|statement|page|body) \d/,
	'none belongs to a statement');

run_all(
	sub {
		my ($name) = @_;
		my ($sockets_now, $files_now) = descriptors();
		is(contexts(), $contexts, "$name: no memory context is left");
		is($files_now, $files, "$name: as many files are open");
		cmp_ok(
			$sockets_now, '<=',
			$sockets + $connections,
			"$name: $sockets_now sockets, $sockets before");
	});
run_all(sub { });
my $grown = rss() - $memory;
DbaasTest::measured_ok($grown, '<', 4096, "two more rounds: the backend grew by $grown kB");

# Many good queries, each in a statement of its own: what a pool's session does
$session->sql(
	join ';',
	(   'SELECT count(*) FROM exo.dbaas_services',
		q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'}) x 30);
$memory = rss();
$session->sql(
	join ';',
	(   'SELECT count(*) FROM exo.dbaas_services',
		q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'}) x 150);
$grown = rss() - $memory;
DbaasTest::measured_ok($grown, '<', 1536, "300 queries: the backend grew by $grown kB");
is(contexts(), $contexts, 'and has the same memory contexts');

# Memory follows what is in flight, not the size of the answer
$t->sim->config(logs => 60000);
$session->sql(
	q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 500});
$memory = rss();
is($session->sql(q{SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'}),
	60000, 'a long log is read');
$grown = rss() - $memory;
DbaasTest::measured_ok($grown, '<', 6144, "60000 entries: the backend grew by $grown kB");

# Closing everything gives everything back
$session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')});
my $left = contexts();
unlike($left // '', qr/connection|zones/, 'dbaas_fdw_disconnect leaves no connection');
my ($sockets_left) = descriptors();
cmp_ok($sockets_left, '<', $sockets, 'and fewer sockets');

done_testing();
