# Random queries and writes can be explained in every way, and give the same rows by every plan.
#
# Queries are those of 352 and 390, writes those of 513.  Each runs with planner settings that lead
# to plans that are rarely chosen, while auto_explain looks; its rows are those of local copies.
# Then it is explained, see DbaasExplain.  EXPLAIN makes no request without ANALYZE, and no write
# at all; what EXPLAIN ANALYZE and auto_explain count is what the simulator recorded.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another; DBAAS_RANDOM_COUNT says how many
# statements, and DBAAS_RANDOM_SECONDS how long instead.
use strict;
use warnings;

use DbaasExplain;
use DbaasJoins   qw(join_copies join_query);
use DbaasQueries qw(copies query several text constants difference);
use DbaasRandom  qw(random_run random_goes_on pick chance shuffled);
use DbaasTest;
use DbaasWriteModel;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

random_run(20261202, 15);

my $t = DbaasQueries::cluster();
copies($t);
my $sim = $t->sim;

# The joins are about services that have few entries, on a simulator of their own
my $few = DbaasSim->start(zones => 2, services => 16, logs => 3);
$t->add_server('few', 'few', endpoint => $few->url, fdw_startup_cost => 0);
my $session = $t->session;
join_copies($session, 'few');
my $model = DbaasWriteModel->new($sim);
$model->create($t);

my $version = $session->sql('SHOW server_version_num') / 10000;
my $debug_parallel = $version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
my @settings = (
	(   map { "enable_$_ = off" }
		  qw(hashjoin mergejoin nestloop memoize material sort hashagg async_append
		  incremental_sort indexscan bitmapscan seqscan partition_pruning gathermerge)),
	(map { "enable_$_ = on" } qw(partitionwise_join partitionwise_aggregate)),
	'jit = on; SET LOCAL jit_above_cost = 0',
	'jit = on; SET LOCAL jit_above_cost = 0; SET LOCAL jit_inline_above_cost = 0; '
	  . 'SET LOCAL jit_optimize_above_cost = 0',
	"$debug_parallel = on",
	'parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; '
	  . 'SET LOCAL min_parallel_table_scan_size = 0',
	'plan_cache_mode = force_generic_plan',
	'plan_cache_mode = force_custom_plan',
	'from_collapse_limit = 1',
	'join_collapse_limit = 1',
	'geqo_threshold = 2',
	"work_mem = '64kB'",
	'cursor_tuple_fraction = 0.001',
	'cursor_tuple_fraction = 1',
	'dbaas_fdw.enable_lookahead = off');

my (@explain, $logged);

sub connect_anew
{
	$session->quit;
	$session = $t->session;
	$session->sql('SET client_min_messages = warning; \pset null (null)');
	@explain = map { DbaasExplain->new($session, $_) } $sim, $few;
	$session->sql("SET auto_explain.log_level = log");
	$logged = -s $t->node->logfile;
	return;
}

# A query, or a write: for each side its text
sub statement
{
	my $kind = pick(qw(query query several several join join write));
	if ($kind eq 'write')
	{
		my $facts = $model->facts;
		my $write;
		do { $write = $model->statement($facts) }
		  while $write->{means}->($facts, $facts, [])->{refused};
		return { kind => $kind, foreign => constants($write->{sql}) };
	}
	if ($kind eq 'join')
	{
		my $sql = join_query();
		return {
			kind => $kind,
			foreign => $sql =~ s/exo\./few./gr,
			local => $sql =~ s/exo\./copy./gr
		};
	}
	my $q = $kind eq 'query' ? query() : several();
	my %plain = (%$q, prepared => 0);
	return {
		kind => $kind,
		query => $q,
		foreign => text($q, 'foreign'),
		plain => text(\%plain, 'foreign'),
		local => text(\%plain, 'local'),
		full => text(\%plain, 'local', 1)
	};
}

# The plans that auto_explain has left in the log
sub logged_plans
{
	my $log = slurp_file($t->node->logfile, $logged);
	my @plans = $log =~ /LOG:  duration: \S+ ms  plan:\n((?:\t.*\n)+)/g;
	$logged += length $log;
	return @plans;
}

sub lines { return [ split /\n/, $_[0] ] }

# Runs a query, and returns what is wrong with its rows, and with what is logged of them
sub ran
{
	my ($s, @set) = @_;
	my $q = $s->{query} // { select => [] };
	$session->sql(join '; ', 'BEGIN', @set);
	my ($expected, $full) = map { defined && lines($session->sql($_)) } @$s{qw(local full)};
	my @problems;
	my $sql = $s->{foreign};
	$sql = "DECLARE c CURSOR FOR $s->{plain}; FETCH 2 FROM c; FETCH ALL FROM c; CLOSE c"
	  if $s->{plain} && chance(0.2);
	$session->sql(
		join '; ',
		map { "SET LOCAL auto_explain.$_" } 'log_min_duration = 0',
		'log_format = json',
		'log_analyze = on',
		'log_nested_statements = on',
		'log_verbose = ' . pick('on', 'off'));
	$logged = -s $t->node->logfile;
	$_->clear foreach $sim, $few;
	my ($stdout, $stderr) = $session->sql_both($sql);
	$session->sql('ROLLBACK');
	push @problems, "run: $stderr" if $stderr =~ /(?:ERROR|WARNING|FATAL):/;
	my $wrong = difference($q, lines($stdout), $expected, $full);
	push @problems, $wrong if $wrong;
	my @plans = logged_plans();
	push @problems, 'auto_explain logged no plan' if !@plans;
	my $explain = $explain[ $s->{kind} eq 'join' ? 1 : 0 ];
	push @problems, map { "auto_explain: $_" } $explain->counts($sql, @plans);
	return @problems;
}

my ($done, $bad, %count) = (0, 0);
connect_anew();
while (random_goes_on() && $bad < 5)
{
	connect_anew() if ++$done % 200 == 0;
	my $s = statement();
	my @set = map { "SET LOCAL $_" }
	  $s->{query} ? @{ $s->{query}{settings} } : (),
	  grep { chance(0.12) } @settings;
	my $small = '$small$';
	if ($s->{query}
		&& $session->sql(
				"SET statement_timeout = 2000; SELECT copy.is_small($small$s->{full}$small); "
			  . 'SET statement_timeout = 0') ne 't')
	{
		$count{large}++;
		next;
	}
	$count{ $s->{kind} }++;
	my @problems = $s->{local} ? ran($s, @set) : ();
	my $explain = $explain[ $s->{kind} eq 'join' ? 1 : 0 ];
	push @problems, $explain->problems(join('; ', @set, $s->{foreign}), 4);
	my @written =
	  grep { $_->{method} !~ /GET/ && $_->{path} !~ m{^/dbaas-service-(?:logs|metrics)/} }
	  $sim->requests;
	push @problems, map { "sent: $_->{method} $_->{path}" } @written;
	next if !@problems;
	$bad++;
	fail("statement $done");
	diag("$_\n") foreach @problems;
	diag(join ";\n", 'BEGIN', @set, $s->{foreign}, 'ROLLBACK', $s->{local} // ());
	connect_anew();
}
is($bad, 0, "$done statements have the rows of the copies, and can be explained");
note(join ', ', map { "$count{$_} $_" } sort keys %count);
cmp_ok($count{large} // 0, '<', $done / 4 + 10, 'most are run');
done_testing();
