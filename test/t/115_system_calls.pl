# What a request on an open connection costs in system calls.
use strict;
use warnings;

use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

if (system('strace -V >/dev/null 2>&1') != 0)
{
	diag('skipped: system calls were NOT counted; install strace');
	plan skip_all => 'SKIPPED: no strace';
}

my $t = DbaasTest->new(services => 3, logs => 600, server => { max_retries => 0 });
$t->sim->config(latency => 5);
my $session = $t->session;

# The system calls of the backend while it runs the SQL, by name
sub traced
{
	my ($sql) = @_;
	my $file = $t->node->basedir . '/trace';
	my $strace = fork // die "fork: $!";
	exec 'strace', '-o', $file, '-p', $session->pid if $strace == 0;
	DbaasTest::wait_until(
		sub {
			my ($tracer) =
			  slurp_file('/proc/' . $session->pid . '/status') =~ /^TracerPid:\s+(\d+)/m;
			return $tracer || waitpid($strace, 1) != 0;
		});
	$session->sql($sql);
	kill 'INT', $strace;
	waitpid $strace, 0;
	my %calls;
	$calls{$_}++ foreach slurp_file($file) =~ /^(\w+)\(/mg;
	return %calls;
}

# One request after the other
my $sql = q{SELECT count(*) FROM generate_series(1, 40) AS g, LATERAL (
	SELECT * FROM exo.dbaas_logs
	WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND log_limit = g OFFSET 0) AS x};
$session->sql('SET dbaas_fdw.enable_lookahead = off');
$session->sql($sql);
my %calls = traced($sql);
SKIP:
{
	if (!%calls)
	{
		diag('skipped: system calls were NOT counted; strace may not attach');
		skip 'SKIPPED: strace may not attach', 6;
	}
	my $n = 0;
	$n += $_ foreach values %calls;
	my $shown = join ', ', map { "$_ $calls{$_}" } sort keys %calls;
	DbaasTest::measured_ok($n / 40, '<', 16, "a request takes few system calls ($shown)");
	cmp_ok($calls{epoll_ctl} // 0, '<', 10, 'its socket stays in the set that is waited on');
	is($calls{dup} // 0, 0, 'no descriptors are opened to count them');

	# Scans that run at once under an Append
	$session->sql(
		q{CREATE TABLE parts (zone text, service_name text, message text)
			PARTITION BY LIST (service_name);
		CREATE FOREIGN TABLE part_1 PARTITION OF parts FOR VALUES IN ('pg-1-0001')
			SERVER exoscale OPTIONS (resource 'logs');
		CREATE FOREIGN TABLE part_2 PARTITION OF parts FOR VALUES IN ('kafka-1-0003')
			SERVER exoscale OPTIONS (resource 'logs')});
	$sql = q{SELECT count(*) FROM parts WHERE zone = 'ch-gva-2'};
	like($session->sql("EXPLAIN $sql"), qr/Async Foreign Scan/, 'an Append of asynchronous scans');
	is($session->sql($sql), 1200, 'is read');
	%calls = traced("$sql; $sql; $sql; $sql");
	cmp_ok($calls{epoll_create1} // 0, '<=', 4, 'with no wait event set for each wait');
}

done_testing();
