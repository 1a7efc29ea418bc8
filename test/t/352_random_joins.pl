# Random joins give the same rows with lookahead, without it and from local
# copies, and ask for no more than without it but for what EXPLAIN ANALYZE says
# was not used.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another,
# DBAAS_RANDOM_COUNT says how many queries: "make joins" runs some thousands.
# They are explained by 514.
use strict;
use warnings;

use DbaasJoins  qw(join_copies join_query);
use DbaasRandom qw(random_run random_goes_on pick);
use DbaasTest;
use Test::More;

my $count = random_run(20261126, 120);

my $t = DbaasTest->new(zones => 2, services => 16, logs => 3, server => { fdw_startup_cost => 0 });
$t->add_server('usual', 'usual');
my %session = (forced => $t->session, usual => $t->session);
# A row of NULL that comes last would be no line
$_->sql('\\pset null (null)') foreach values %session;
$session{forced}->sql('SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off; '
	  . 'SET enable_material = off');
join_copies($session{forced}, 'exo');

# A page that follows may have been asked for when a scan is left, or not yet
sub first_pages
{
	return sort map { "$_->{method} $_->{zone} $_->{path} " . ($_->{body} // '') }
	  grep          { ($_->{body}                                         // '') !~ /"offset"/ } @_;
}

my ($compared, $unused_in_all) = (0, 0);
my $i = 0;
while (random_goes_on())
{
	$i++;

	# Half-way, the planner comes to know the tables
	$session{forced}->sql('ANALYZE usual.dbaas_logs; ANALYZE usual.dbaas_migrations')
	  if $i == int $count / 2;

	my $mode = $i % 2 ? 'forced' : 'usual';
	my $session = $session{$mode};
	my $sql = join_query();
	$sql =~ s/exo\./usual./g if $mode eq 'usual';
	my $limit = rand() < 0.3 ? pick(' LIMIT 1', ' LIMIT 5') : '';
	my (%rows, %sent, %plan, $unused);
	my $memory = rand() < 0.15 ? '64kB' : '4MB';
	my $fresh = $mode eq 'usual' && rand() < 0.4;

	foreach my $switch ('off', 'on')
	{
		if ($fresh)
		{
			$session->sql('\connect');
		}
		$session->sql("SET work_mem = '$memory'; SET dbaas_fdw.enable_lookahead = $switch");
		$rows{$switch} = join "\n", sort split /\n/, $session->sql($sql);
		$plan{$switch} = join "\n", map { s/^\W+//r } grep { !/ookahead|Looks Ahead/ } split /\n/,
		  $session->sql("EXPLAIN (COSTS OFF) $sql$limit");
		$t->sim->clear;
		my $analyzed = $session->sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $sql$limit");
		# The zones are asked for anew after a while
		$sent{$switch} = [ grep { !m{ /zone $} } first_pages($t->sim->requests) ];
		$unused = 0;
		$unused += $_ foreach $analyzed =~ /Unused Results: (\d+)/g;
	}
	my $copy = join "\n", sort split /\n/, $session->sql($sql =~ s/(?:exo|usual)\./copy./gr);
	is($rows{on}, $copy, "$mode query $i: as from copies") or diag($sql);
	is($rows{off}, $copy, "$mode query $i: without lookahead") or diag($sql);
	next if $plan{on} ne $plan{off} || $memory eq '64kB';

	# A scan of all services that is left early has asked for as many of them
	# as there was time for, in either case
	next if $plan{on} =~ /For Each Of/;

	# Where the zone is not given the lists of services tell it: each once at
	# most, and as many as there is time for
	my %lists = map {
		$_ => [ grep { m{/dbaas-service $} } @{ $sent{$_} } ]
	} 'off', 'on';
	cmp_ok(@{ $lists{on} }, '<=', 2, "$mode query $i: each list once")
	  if @{ $lists{on} } > @{ $lists{off} };
	$sent{$_} = [ grep { !m{/dbaas-service $} } @{ $sent{$_} } ] foreach 'off', 'on';
	$compared++;
	$unused_in_all += $unused;
	cmp_ok(
		@{ $sent{on} },
		'<=',
		@{ $sent{off} } + $unused,
		"$mode query $i: no more requests than without it and $unused unused")
	  or diag("$sql$limit\n", map { "$_\n" } 'without:', @{ $sent{off} }, 'with:', @{ $sent{on} });
}
cmp_ok($compared, '>', $i / 4,
	"the requests of $compared queries were compared, $unused_in_all not used");

done_testing();
