# Loaded by shared_preload_libraries, the library makes nothing before the fork, and works as ever.
use strict;
use warnings;

use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 60,
	conf => "dbaas_fdw.update_limit = 7\nrestart_after_crash = on\n");

sub postmaster
{
	my ($pid) = split /\n/, slurp_file($t->node->data_dir . '/postmaster.pid');
	return $pid;
}

# What a process has that the library or libcurl could have made
sub state_of
{
	my ($pid) = @_;
	my @threads = glob "/proc/$pid/task/*";
	my @files = sort map { (readlink $_ // '') =~ s/\d+//gr } glob "/proc/$pid/fd/*";
	return { threads => scalar @threads, files => \@files };
}

sub maps
{
	my ($pid) = @_;
	return slurp_file("/proc/$pid/maps");
}

sub restart
{
	my ($setting, $value) = @_;
	$t->node->append_conf('postgresql.conf', "$setting = '$value'");
	$t->node->restart;
	return;
}

my $queries = q{SELECT count(*) FROM exo.dbaas_services;
	SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001';
	SELECT count(*) FROM exo.dbaas_services AS s JOIN exo.dbaas_service_details AS d
		ON d.zone = s.zone AND d.service_name = s.name};
my $write = q{SET client_min_messages = warning;
	INSERT INTO exo.dbaas_databases (zone, service_name, name)
	VALUES ('ch-gva-2', 'pg-1-0001', '%s')};

$t->sql('CREATE TABLE local AS SELECT i FROM generate_series(1, 10000) AS i; ANALYZE local');
my $rows = $t->sql($queries);
my $without = state_of(postmaster());
ok(maps(postmaster()) !~ /\/dbaas_fdw\.so/, 'not preloaded');

foreach my $setting ('shared_preload_libraries', 'session_preload_libraries')
{
	my $shared = $setting =~ /shared/;
	restart($setting, 'dbaas_fdw');
	if ($shared)
	{
		ok(maps(postmaster()) =~ /\/dbaas_fdw\.so/, "$setting: the postmaster has it");
		is_deeply(state_of(postmaster()), $without, "$setting: with no thread and no file more");
	}
	my @sessions = map { $t->session } 1 .. 2;
	ok(maps($sessions[0]->pid) =~ /\/dbaas_fdw\.so/, "$setting: a session has it from its start");
	is($_->sql($queries), $rows, "$setting: a session reads") foreach @sessions;
	is($sessions[0]->sql('SHOW dbaas_fdw.update_limit'),
		7, "$setting: settings in postgresql.conf count");
	is($sessions[0]->sql_error('SET dbaas_fdw.update_limits = 3')->{sqlstate},
		'42602', "$setting: names of settings are reserved");
	$t->sim->clear;
	$_->sql(sprintf $write, "$setting$_->{pid}") foreach @sessions;
	is(scalar(grep { $_->{method} eq 'POST' } $t->sim->requests), 2, "$setting: and writes");
	is($t->sql($queries), $rows, "$setting: another session reads while these are open");
	# Workers load what their leader has loaded
	is( $sessions[0]->sql(
			q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
			SET min_parallel_table_scan_size = 0;
			SELECT count(*) FROM (SELECT name FROM exo.dbaas_services OFFSET 0) AS s
			CROSS JOIN (SELECT count(*) FROM local) AS l}),
		24,
		"$setting: parallel workers run beside it");

	# A backend that is killed makes the postmaster start all anew
	if ($shared)
	{
		kill 'KILL', $sessions[0]->pid;
		ok(DbaasTest::wait_until(
				sub { (eval { $t->node->psql('postgres', 'SELECT 1') } // 1) == 0 }),
			"$setting: after a crash");
		is($t->sql($queries), $rows, "$setting: a session reads again");
		is_deeply(state_of(postmaster()), $without, "$setting: and the postmaster is as it was");
	}
	restart($setting, '');
}

# A mistyped setting, as any other of postgresql.conf
$t->node->append_conf('postgresql.conf',
	"shared_preload_libraries = 'dbaas_fdw'\ndbaas_fdw.update_limits = 3");
$t->node->stop;
is($t->node->start(fail_ok => 1), 0, 'with a setting that there is not, the server does not start');
like(
	slurp_file($t->node->logfile),
	qr/unrecognized configuration parameter "dbaas_fdw.update_limits"/,
	'its log says why');

done_testing();
