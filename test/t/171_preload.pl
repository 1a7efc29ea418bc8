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

# A mistyped setting: the server starts, people can log in, and what uses the wrapper fails before
# anything is sent
my %mistyped = (
	'dbaas_fdw.update_limits = 3' => '42704',
	'dbaas_fdw.dry_run = perhaps' => '22023');
my @uses = (
	'SELECT count(*) FROM exo.dbaas_services',
	'DELETE FROM exo.dbaas_services',
	sprintf($write, 'mistyped'),
	q{CREATE SERVER another FOREIGN DATA WRAPPER dbaas_fdw});

sub is_refused
{
	my ($session, $sqlstate, $what) = @_;
	$t->sim->clear;
	foreach my $use (@uses, $uses[0])
	{
		is($session->sql_error($use)->{sqlstate}, $sqlstate, "$what: $sqlstate: $use");
	}
	is(scalar(() = $t->sim->requests), 0, "$what: nothing is sent");
	return;
}

foreach my $setting ('shared_preload_libraries', 'session_preload_libraries')
{
	foreach my $line (sort keys %mistyped)
	{
		my ($name) = split / = /, $line;
		my $what = "$setting, $line";
		my $file = $t->node->data_dir . '/postgresql.conf';
		my $before = slurp_file($file);
		my $offset = -s $t->node->logfile;
		$t->node->append_conf('postgresql.conf', "$setting = 'dbaas_fdw'\n$line");
		$t->node->restart;
		my $session = $t->session;
		like(slurp_file($t->node->logfile, $offset),
			qr/WARNING: .*"\Q$name\E"/, "$what: a warning in the server's log");
		is($session->sql('SELECT count(*) FROM local'), 10000, "$what: PostgreSQL goes on");
		is_refused($session, $mistyped{$line}, $what);

		# Corrected, without a restart
		open my $handle, '>', $file or die "$file: $!";
		print $handle $before, "$setting = 'dbaas_fdw'\ndbaas_fdw.update_limit = 5\n";
		close $handle or die "$file: $!";
		$t->node->reload;
		ok( DbaasTest::wait_until(sub {
				($t->session->sql_both($uses[0]))[0] eq '24' }),
			"$what: a new session reads once it is corrected and reloaded");
		is($t->sql("$uses[0]; SHOW dbaas_fdw.update_limit"), "24\n5", "$what: with its value");

		open $handle, '>', $file or die "$file: $!";
		print $handle $before;
		close $handle or die "$file: $!";
		$t->node->restart;
	}
}

# Settings of a role are read before the libraries of a session
foreach my $line (sort keys %mistyped)
{
	$t->sql("ALTER ROLE CURRENT_USER SET $line");
	$t->sql(q{ALTER ROLE CURRENT_USER SET session_preload_libraries = 'dbaas_fdw'});
	my $session = $t->session;
	is($session->sql('SELECT count(*) FROM local'), 10000, "of a role, $line: one can log in");
	is_refused($session, $mistyped{$line}, "of a role, $line");
	$t->sql('ALTER ROLE CURRENT_USER RESET ALL');
	is($t->sql($uses[0]), 24, "of a role, $line: and without");
}

done_testing();
