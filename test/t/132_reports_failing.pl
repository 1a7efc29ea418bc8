# Reports while one of their requests fails, each of them in turn: under
# unavailable_zones 'skip' a report shows rows that it also shows when all is
# well, and says so when it shows fewer, or it fails; a write that such a
# report chooses rows for fails, or does what it does when all is well.
#
# It is always the same run, over some of the requests.  DBAAS_RANDOM_SEED
# makes another, DBAAS_RANDOM_COUNT says how many of the requests of a report
# fail; -1 is all ("make jobs").
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261130;
my $count = $ENV{DBAAS_RANDOM_COUNT} // 3;
srand $seed;
diag("DBAAS_RANDOM_SEED=$seed DBAAS_RANDOM_COUNT=$count");

my $t = DbaasTest->new(
	zones => 2,
	services => 8,
	logs => 5,
	server => { max_retries => 0, unavailable_zones => 'skip' });
my $sim = $t->sim;
my $session = $t->session;
$session->sql(
	q{SET client_min_messages = warning; SELECT dbaas_fdw_views('exo');
	SET client_min_messages = notice; SET search_path = exo;
	SET dbaas_fdw.update_limit = -1; SET dbaas_fdw.delete_limit = -1;
	CREATE TABLE inventory AS SELECT zone, name, type, row_number() OVER (ORDER BY zone, name) AS id
		FROM dbaas_services;
	INSERT INTO inventory VALUES ('ch-gva-2', 'gone', 'pg', 100); ANALYZE inventory});

# SQL that yields zone and the name of a service first, and what else tells the row
my @views = split /\n/,
  $session->sql(q{SELECT relname FROM pg_class WHERE relkind = 'v' }
	  . q{AND relnamespace = 'exo'::regnamespace ORDER BY 1});
cmp_ok(scalar @views, '>=', 8, 'there are views');
my %columns = (
	dbaas_dangling_integrations => 'zone, source AS service_name, id, missing',
	dbaas_dangling_external_integrations => 'zone, service_name, id');
my @reports = map {
	"SELECT $columns{$_} FROM $_" =~
	  s/SELECT  FROM/SELECT zone, service_name, to_jsonb(v) FROM/r . ' v'
} map { $columns{$_} //= ''; $_ } @views;
push @reports,
  ( 'SELECT zone, name, state FROM dbaas_services',
	'SELECT zone, service_name, version FROM dbaas_service_details',
	'SELECT s.zone, s.name, n.name AS node FROM dbaas_services s JOIN dbaas_nodes n '
	  . 'ON n.zone = s.zone AND n.service_name = s.name',
	'SELECT i.zone, i.name, d.version FROM inventory i LEFT JOIN dbaas_service_details d '
	  . 'ON d.zone = i.zone AND d.service_name = i.name',
	'SELECT i.zone, i.name FROM inventory i WHERE NOT EXISTS (SELECT '
	  . 'FROM dbaas_services s WHERE s.zone = i.zone AND s.name = i.name)',
	'SELECT i.zone, i.name FROM inventory i WHERE EXISTS (SELECT FROM dbaas_services s '
	  . 'WHERE s.zone = i.zone AND s.name = i.name)',
	'SELECT i.zone, i.name FROM inventory i WHERE (i.zone, i.name) NOT IN '
	  . '(SELECT zone, name FROM dbaas_services)',
	'SELECT zone, name FROM inventory EXCEPT SELECT zone, name FROM dbaas_services',
	'SELECT zone, name FROM inventory INTERSECT SELECT zone, service_name FROM dbaas_databases',
	'SELECT coalesce(i.zone, s.zone), coalesce(i.name, s.name) FROM inventory i FULL '
	  . 'JOIN dbaas_services s USING (zone, name)',
	'SELECT i.zone, i.name, (SELECT count(*) FROM dbaas_databases d '
	  . 'WHERE d.zone = i.zone AND d.service_name = i.name) = 0 AS empty FROM inventory i',
	'SELECT i.zone, i.name FROM inventory i WHERE (SELECT count(*) FROM dbaas_backups b '
	  . 'WHERE b.zone = i.zone AND b.service_name = i.name) < 2',
	'SELECT i.zone, i.name, l.message FROM inventory i CROSS JOIN LATERAL '
	  . '(SELECT message FROM dbaas_logs l WHERE l.zone = i.zone AND l.service_name = i.name '
	  . 'ORDER BY time DESC LIMIT 2) l',
	'SELECT i.zone, i.name, l.message FROM inventory i LEFT JOIN LATERAL (SELECT message '
	  . 'FROM dbaas_logs l WHERE l.zone = i.zone AND l.service_name = i.name '
	  . 'ORDER BY time DESC LIMIT 2) l ON true',
	q{SELECT s.zone, s.name, s.state FROM dbaas_services s WHERE s.type = 'pg' }
	  . q{AND NOT EXISTS (SELECT FROM dbaas_databases d WHERE d.zone = s.zone }
	  . q{AND d.service_name = s.name)},
	'SELECT s.zone, s.name FROM dbaas_services s GROUP BY 1, 2 HAVING count(*) < 2',
	'SELECT i.zone, i.name FROM inventory i JOIN (SELECT zone, count(*) AS n '
	  . 'FROM dbaas_services GROUP BY zone) c ON c.zone = i.zone AND c.n < 8',
	'SELECT DISTINCT u.zone, u.service_name, u.username FROM dbaas_users u '
	  . 'JOIN dbaas_databases d USING (zone, service_name)',
	'SELECT m.zone, m.service_name, m.node, m.metric FROM dbaas_metrics m GROUP BY 1, 2, 3, 4',
	'SELECT zone, name, bool_and(n > 0) FROM (SELECT s.zone, s.name, (SELECT count(*) '
	  . 'FROM dbaas_nodes n WHERE n.service_name = s.name AND n.zone = s.zone) AS n '
	  . 'FROM dbaas_services s) x GROUP BY 1, 2');

sub run
{
	my ($sql) = @_;
	my ($stdout, $stderr) = $session->sql_both($sql);
	my $error = DbaasTest::parse_error($stderr);
	return ($error, $stderr, split /\n/, $stdout);
}

sub pick_some
{
	my @all = @_;
	return @all if $count < 0;
	my @some;
	push @some, splice @all, int rand @all, 1 while @all && @some < $count;
	return @some;
}

my ($failed, $shown) = (0, 0);
foreach my $report (@reports)
{
	$sim->clear_faults;
	$sim->clear;
	my ($error, undef, @well) = run($report);
	ok(!$error, "all is well: $report") or diag($error->{stderr});
	my %requests = map { ("$_->{method} $_->{zone} $_->{path}" => $_) }
	  grep { $_->{path} ne '/zone' } $sim->requests;

	# They arrive in any order
	foreach my $request (pick_some(map { $requests{$_} } sort keys %requests))
	{
		my $action =
			rand() < 0.5 ? { action => 'status', status => 503 }
		  : rand() < 0.5 ? { action => 'close' }
		  :                { action => 'cut' };
		my $what =
		  "$action->{action} for $request->{method} $request->{path} in $request->{zone}: $report";
		my %fault = (%$action, times => -1, map { $_ => $request->{$_} } qw(method zone path));

		$sim->clear_faults;
		$sim->fault(\%fault);
		my ($error, $stderr, @rows) = run($report);
		if ($error)
		{
			$failed++;
			like($error->{sqlstate}, qr/^(?:08001|HV000)$/, "fails: $what") or diag($stderr);
		}
		else
		{
			$shown++;
			my %left;
			$left{$_}++ foreach @well;
			my @more = grep { ($left{$_}-- || 0) <= 0 } @rows;
			ok(!@more, "no row more: $what") or diag("$stderr\n", map { "$_\n" } @more);
			ok(@rows == @well || $stderr =~ /^(?:psql:\S+ )?WARNING:/m,
				"nor fewer without a word: $what");
		}

		# The same rows to be written.  Dry: the notices tell
		foreach my $write (
			  "DELETE FROM dbaas_services s USING ($report) r (zone, name) "
			. "WHERE s.zone = r.zone AND s.name = r.name "
			. "AND s.termination_protection IS NOT TRUE",
			"UPDATE dbaas_services s SET termination_protection = NOT "
			. "s.termination_protection FROM ($report) r (zone, name) "
			. "WHERE s.zone = r.zone AND s.name = r.name AND s.state = 'running'",
			"INSERT INTO dbaas_databases (zone, service_name, name) "
			. "SELECT DISTINCT zone, name, 'x' FROM ($report) r (zone, name) "
			. "WHERE (zone, name) IN (SELECT zone, name FROM inventory WHERE type = 'pg' "
			. "AND id < 100)",
			"DELETE FROM inventory i USING ($report) r (zone, name) "
			. "WHERE i.zone = r.zone AND i.name = r.name")
		{
			next if $count >= 0 && rand() < 0.6;
			my $dry = "BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $write RETURNING 1";
			my (@outcomes, @errors);
			foreach my $well (0, 1)
			{
				$sim->clear_faults if $well;
				my ($error, $stderr, @rows) = run($dry);
				$session->sql_both('ROLLBACK');
				push @errors, $error;
				push @outcomes, join "\n", scalar @rows,
				  sort map { /dry run: (.*)/ ? $1 : () } split /\n/, $stderr;
			}
			$sim->fault(\%fault);
			ok(!$errors[1], "all is well: $write") or diag($errors[1]{stderr});
			ok($errors[0] || $outcomes[0] eq $outcomes[1], "$what: $write")
			  or diag("does\n$outcomes[0]\ninstead of\n$outcomes[1]");
		}
	}
}
diag("$failed failed, $shown were shown");
cmp_ok($failed, '>', 0, 'some fail');
cmp_ok($shown, '>', 0, 'some are shown');
done_testing();
