# The scans of a statement that are likely to be run make their first requests together.
use strict;
use warnings;

use DbaasExplain;
use DbaasTest;
use List::Util qw(max);
use Test::More;

my $t = DbaasTest->new(
	zones => 1,
	services => 8,
	logs => 20,
	operation_time => 0,
	server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET jit = off; SET enable_nestloop = off; SET client_min_messages = warning;
	CREATE TABLE nobody (name text, n int); ANALYZE nobody;
	SELECT count(*) FROM exo.dbaas_services});

my $explain = DbaasExplain->new($session);

# Runs it with and without: rows, requests, and the most of them in flight;
# that many are expected to be so with it
sub runs
{
	my ($sql, $together) = @_;
	my %run;
	is(join("\n", $explain->problems($sql)), '', "every EXPLAIN of $sql");
	foreach my $switch ('off', 'on')
	{
		$session->sql("SET dbaas_fdw.enable_lookahead = $switch");
		$sim->clear;
		$sim->together($together) if $together && $switch eq 'on';
		my $rows = join "\n", sort split /\n/, $session->sql($sql);
		my @sent = $sim->requests;
		$run{$switch} = {
			rows => $rows,
			sent => [ sort map { "$_->{method} $_->{path}" } @sent ],
			peak => max(0, map { $_->{in_flight} } @sent)
		};
	}
	is($run{on}{rows}, $run{off}{rows}, "$sql: the same rows");
	return \%run;
}

sub together
{
	my ($sql, $peak) = @_;
	my $run = runs($sql, $peak);
	is_deeply($run->{on}{sent}, $run->{off}{sent}, 'the same requests');
	is($run->{off}{peak}, 1, 'one after the other without it');
	is($run->{on}{peak}, $peak, "$peak at once with it");
	return;
}

my $list = 'FROM exo.dbaas_services s JOIN exo.dbaas_service_types y';
together("SELECT s.name, y.description $list ON y.name = s.type", 2);
together(
	"SELECT s.name, y.description, p.type $list ON y.name = s.type "
	  . "JOIN exo.dbaas_integration_types p ON p.zone = s.zone",
	3);
together(
	"SELECT count(*) FROM exo.dbaas_services UNION ALL SELECT count(*) FROM exo.dbaas_service_types
	UNION ALL SELECT count(*) FROM exo.dbaas_integration_types UNION ALL SELECT count(*)
		FROM exo.dbaas_external_endpoints",
	4);
together(
	"SELECT s.name FROM exo.dbaas_services s WHERE s.type = (SELECT min(name) "
	  . "FROM exo.dbaas_service_types)",
	2);
together(
	"WITH y AS MATERIALIZED (SELECT * FROM exo.dbaas_service_types) "
	  . "SELECT s.name, y.description FROM exo.dbaas_services s JOIN y ON y.name = s.type",
	2);
together(
	"SELECT a.message, b.message FROM exo.dbaas_logs a FULL JOIN exo.dbaas_logs b USING (time)
		WHERE a.zone = 'ch-gva-2' AND a.service_name = 'pg-1-0001' AND a.log_limit = 5
	AND b.zone = 'ch-gva-2' AND b.service_name = 'mysql-1-0002' AND b.log_limit = 5", 2);

# A list that several share is asked for once
is_deeply(
	runs('SELECT count(*) FROM exo.dbaas_services a JOIN exo.dbaas_services b USING (zone, name)')
	  ->{on}{sent},
	['GET /dbaas-service'], 'a list that two scans read');

# What may never be run is not started
foreach my $sql (
	  "SET enable_async_append = off; SELECT name FROM exo.dbaas_services UNION ALL "
	. "SELECT name FROM exo.dbaas_service_types LIMIT 1",
	"RESET enable_async_append",
	"SELECT s.name FROM exo.dbaas_services s WHERE s.zone = 'ch-gva-2' AND current_user = 'nobody'",
	"SELECT n.name FROM nobody n JOIN LATERAL (SELECT * FROM exo.dbaas_services s "
	. "WHERE s.name = n.name OFFSET 0) x ON true",
	"SELECT s.name, CASE WHEN s.name = '' THEN (SELECT max(description) "
	. "FROM exo.dbaas_service_types y WHERE y.name = s.type) END FROM exo.dbaas_services s")
{
	my $run = runs($sql);
	is_deeply($run->{on}{sent}, $run->{off}{sent}, 'no request more');
}

# ... and what turns out not to be needed is dropped, and said
my $unused =
	q{SELECT n.n FROM nobody n JOIN exo.dbaas_services s ON s.name = n.name }
  . q{JOIN exo.dbaas_service_types y ON y.name = s.type};
my $run = runs($unused);
is($run->{on}{rows}, '', 'a join with nothing');
$session->sql('SET dbaas_fdw.enable_lookahead = on');

# An error of one is an error of the query, and ends the others
$sim->fault({ path => '/dbaas-service-type', action => 'status', status => 500, times => -1 });
is($session->sql_error("SELECT s.name, y.description $list ON y.name = s.type")->{sqlstate},
	'HV000', 'one that fails');
is( $session->sql(
			q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'dbaas_fdw re%' }
		  . q{OR name LIKE 'dbaas_fdw fetch'}),
	0,
	'and leaves nothing');

done_testing();
