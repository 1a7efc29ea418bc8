# What doc/recipes.md says of a managed PostgreSQL that reads the tables of another
# one through postgres_fdw.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 4, logs => 1200);
plan skip_all => 'no postgres_fdw'
  if $t->node->psql('postgres', 'CREATE EXTENSION postgres_fdw') != 0;

my ($host, $port) = ($t->node->host, $t->node->port);
$t->sql(
	qq{
	CREATE VIEW exo.last_day AS SELECT zone, service_name, time FROM exo.dbaas_logs
		WHERE time > now() - interval '1 day';
	CREATE SERVER small FOREIGN DATA WRAPPER postgres_fdw
		OPTIONS (host '$host', port '$port', dbname 'postgres', updatable 'false',
			fetch_size '1000');
	CREATE USER MAPPING FOR CURRENT_USER SERVER small OPTIONS (user 'postgres');
	CREATE SCHEMA r;
	IMPORT FOREIGN SCHEMA exo FROM SERVER small INTO r});
my $session = $t->session;

# Requests for logs while a statement runs
sub asked
{
	my ($sql) = @_;
	return scalar grep { $_->{path} =~ /logs/ } $session->requests($sql);
}

is($session->sql('SELECT count(*) FROM r.dbaas_services'), 8, 'rows come');
is( $session->sql(
			'SELECT count(*) FROM r.dbaas_services s JOIN r.dbaas_logs l ON l.zone = s.zone '
		  . 'AND l.service_name = s.name'),
	8 * 1200,
	'and are joined');

my $log =
  q{SELECT count(*) FROM r.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
is_deeply(
	[ $session->lines($log) ],
	[ ('POST ch-gva-2 /dbaas-service-logs/pg-1-0001') x 4 ],
	'keys travel on');
is(asked("$log AND time >= '2026-01-02'"), 1, 'a constant bound travels on');
is(asked("$log AND time > now() - interval '1 day'"), 4,
	'one that depends on the session does not');
is(asked("$log AND time > (SELECT now() - interval '1 day')"), 1, 'unless it is in a subquery');
is( asked("SELECT count(*) FROM r.last_day WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'"),
	1, 'or in a view');

is($session->sql_error('DELETE FROM r.dbaas_services')->{sqlstate}, '55000', 'nothing is written');
$session->sql(q{ALTER SERVER small OPTIONS (SET updatable 'true')});
$session->sql(
		q{SET dbaas_fdw.dry_run = on; DELETE FROM r.dbaas_services WHERE zone = 'ch-gva-2' }
	  . q{AND name = 'kafka-1-0003'});
is($t->sql('SELECT count(*) FROM exo.dbaas_services'),
	7, "where it is, the settings of one's own session do not count");
$session->sql(q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'mysql-1-0002'});
is($t->sql('SELECT count(*) FROM exo.dbaas_services'), 7, 'but there');

done_testing();
