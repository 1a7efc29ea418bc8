# pg_cron: the job that doc/history.md schedules, by background workers and by connections.  Jobs
# run at most once a minute, so this waits for two minutes

use strict;
use warnings;

use DbaasTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = 150;

sub cluster
{
	my ($name, %settings) = @_;
	my $conf = join '', map { "$_ = $settings{$_}\n" } sort keys %settings;
	my $t = DbaasTest->new(
		name => $name,
		services => 2,
		logs => 20,
		conf => "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\n$conf");
	my $options = DbaasTest::options_clause(api_key => $t->sim->key, api_secret => $t->sim->secret);

	# As doc/history.md and doc/recipes.md say
	$t->sql(
		qq{
		CREATE ROLE collector LOGIN;
		GRANT CREATE ON DATABASE postgres TO collector;
		GRANT USAGE ON FOREIGN SERVER exoscale TO collector;
		CREATE USER MAPPING FOR collector SERVER exoscale $options;
		SET ROLE collector;
		CREATE SCHEMA exo_collector;
		IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo_collector;
		SELECT * FROM dbaas_fdw_history('exo_collector', 'hist');
		CREATE TABLE exo_collector.report AS SELECT zone, name, now() AS read_at
			FROM exo_collector.dbaas_services;
		CREATE PROCEDURE exo_collector.refresh_service_report() LANGUAGE sql BEGIN ATOMIC
			DELETE FROM exo_collector.report;
			INSERT INTO exo_collector.report SELECT zone, name, now()
				FROM exo_collector.dbaas_services;
		END;
		RESET ROLE;
		CREATE EXTENSION pg_cron;
		GRANT USAGE ON SCHEMA cron TO collector});
	$t->sql(
		q{
		SET ROLE collector;
		SELECT cron.schedule('dbaas history', '* * * * *', $$CALL dbaas_fdw_collect('hist')$$);
		SELECT cron.schedule('service report', '* * * * *',
			'CALL exo_collector.refresh_service_report()');
		SELECT cron.schedule('fails', '* * * * *',
			'SELECT * FROM exo_collector.dbaas_operations')});
	return $t;
}

my %clusters = (
	'background workers' => cluster('workers', 'cron.use_background_workers' => 'on'),
	connections => cluster(
		'connections',
		'cron.use_background_workers' => 'off',
		'cron.host' => "''"));

# Between two runs, logs grow
my $until = time + $seconds;
foreach my $t (values %clusters)
{
	sleep 0.5 until time > $until || $t->sql('SELECT count(ended_at) FROM hist.runs') >= 1;
	foreach (split /\n/, $t->sql('SELECT zone, name FROM exo.dbaas_services'))
	{
		$t->sim->append_logs(split(/\|/), 5);
	}
}
my $details = 'cron.job_run_details JOIN cron.job USING (jobid)';
foreach my $way (sort keys %clusters)
{
	my $t = $clusters{$way};
	sleep 0.5 until time > $until || $t->sql("SELECT count(end_time) FROM $details") >= 6;
	my $outcomes = $t->sql(
		q{
		SELECT jobname, count(*), string_agg(DISTINCT status || ': ' || return_message, '; ')
		FROM } . $details . ' GROUP BY 1 ORDER BY 1');
	like(
		$outcomes,
		qr{^dbaas\ history\|2\|succeeded:\ CALL\n
			fails\|2\|failed:\ ERROR:\ +column\ "id".*has\ to\ be\ given\n(?s:.*)
			^service\ report\|2\|succeeded:\ CALL$}mx,
		"$way: each job has run twice, and has told how it ended");
	is($t->sql('SELECT count(ended_at), min(failed), max(failed) FROM hist.runs'),
		'2|0|0', 'each run has a row, and none met a problem');
	is($t->sql(q{SELECT count(*) FROM hist.runs WHERE problems::text ~ 'gap_from'}),
		0, 'there is no gap');
	is( $t->sql('SELECT count(*) FROM hist.logs'),
		$t->sql('SELECT count(*) FROM exo.dbaas_logs'),
		'and all entries are there');
}

done_testing();
