# Random joins give the same rows with lookahead, without it and from local
# copies, and ask for no more than without it but for what EXPLAIN ANALYZE says
# was not used.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another,
# DBAAS_RANDOM_COUNT says how many queries: "make joins" runs some thousands.
# Each is explained in some ways, and in all with DBAAS_RANDOM_EXPLAIN=all.
use strict;
use warnings;

use DbaasExplain;
use DbaasRandom qw(random_run pick chance shuffled);
use DbaasTest;
use Test::More;

my $count = random_run(20261126, 120);

my $t = DbaasTest->new(zones => 2, services => 16, logs => 3, server => { fdw_startup_cost => 0 });
$t->add_server('usual', 'usual');
my %session = (forced => $t->session, usual => $t->session);
# A row of NULL that comes last would be no line
$_->sql('\\pset null (null)') foreach values %session;
$session{forced}->sql(
	q{SET jit = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET enable_material = off; SET client_min_messages = warning;
	CREATE SCHEMA copy;
	CREATE TABLE copy.dbaas_logs AS SELECT * FROM exo.dbaas_logs;
	CREATE TABLE copy.dbaas_migrations AS SELECT * FROM exo.dbaas_migrations;
	CREATE TABLE copy.dbaas_external_integrations AS SELECT * FROM exo.dbaas_external_integrations;
	CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name, zone) AS id, zone, name, type
		FROM exo.dbaas_services;
	INSERT INTO inventory SELECT 100 + id, zone, CASE WHEN id % 3 = 0 THEN name WHEN id % 3 = 1
		THEN 'no-such' END, type FROM inventory WHERE id < 12;
	ANALYZE inventory; ANALYZE copy.dbaas_logs; ANALYZE copy.dbaas_migrations;
	ANALYZE copy.dbaas_external_integrations}
);

my %explain = map { $_ => DbaasExplain->new($session{$_}) } keys %session;
my $ways = ($ENV{DBAAS_RANDOM_EXPLAIN} // '') eq 'all' ? undef : 2;

my %shown = (
	dbaas_logs => 'message',
	dbaas_migrations => 'status',
	dbaas_external_integrations => 'status');
my $aliases = 0;

# A table that is joined with the alias before it, and what it shows
sub inner
{
	my ($left, $depth) = @_;
	my $table = pick(qw(dbaas_logs dbaas_logs dbaas_migrations dbaas_external_integrations));
	my $alias = 'r' . ++$aliases;
	my $name =
	  pick('%s.name', '%s.name', '%s.name', q{lower(%s.name)}, q{nullif(%s.name, 'kafka-1-0003')})
	  =~ s/%s/$left/r;
	my $on = "$alias.service_name = $name"
	  . pick(" AND $alias.zone = $left.zone", " AND $alias.zone = $left.zone", '');
	$on .= pick('', '', " AND $alias.$shown{$table} <> 'running'", " AND $left.id % 3 > 0");
	my $from = "exo.$table $alias";
	return (pick('JOIN', 'LEFT JOIN') . " $from ON $on", "$alias.$shown{$table}") if rand() < 0.6;
	my $limit = pick('', 'LIMIT 1', 'LIMIT 2', "LIMIT $left.id % 3", 'OFFSET 0');
	my $also =
	  $depth && rand() < 0.4
	  ? "JOIN inventory n$alias ON n$alias.name = $alias.service_name AND n$alias.id > $left.id"
	  : '';
	return (
		pick('JOIN', 'LEFT JOIN')
		  . " LATERAL (SELECT $alias.$shown{$table} AS x FROM $from $also WHERE $on "
		  . "ORDER BY 1 $limit) l$alias ON true",
		"l$alias.x");
}

# A subquery of the SELECT list, that may hold another or stand where it is not always needed
sub subquery
{
	my ($left, $nested) = @_;
	my $alias = 's' . ++$aliases;
	my $table = pick(qw(dbaas_logs dbaas_logs dbaas_migrations));
	my $where =
		"$alias.service_name = $left.name"
	  . pick(" AND $alias.zone = $left.zone", " AND $alias.zone = $left.zone", '')
	  . pick('', " AND $alias.$shown{$table} <> 'running'");
	my $from =
		"FROM exo.$table $alias"
	  . pick('', " JOIN inventory n$alias ON n$alias.name = $alias.service_name")
	  . " WHERE $where";
	my $sql = pick(
		"(SELECT max($alias.$shown{$table}) $from)",
		"(SELECT count(*) $from)",
		"EXISTS (SELECT $from)",
		"ARRAY(SELECT $alias.$shown{$table} $from ORDER BY 1 LIMIT 2)");
	$sql =
		"(SELECT max(m$alias.type || "
	  . subquery("m$alias", 1)
	  . "::text) FROM inventory m$alias WHERE m$alias.id = $left.id + 1)"
	  if !$nested && rand() < 0.15;
	return pick(
		'%s', '%s', '%s',
		"%s::text || 'x'",
		"CASE WHEN $left.id % 2 = 0 THEN %s END",
		"coalesce(nullif(%s::text, '1'), 'none')") =~ s/%s/$sql/r;
}

sub query
{
	$aliases = 0;
	my @select = ('i.id');
	my $from = pick(
		'inventory i',
		'(SELECT * FROM inventory ORDER BY type, id OFFSET 0) i',
		'(SELECT DISTINCT ON (type) * FROM inventory ORDER BY type, id) i',
		"(SELECT a.*, b.type AS other FROM inventory a JOIN inventory b USING (name) "
		  . "WHERE a.id % 2 = 0 OFFSET 0) i");
	foreach (1 .. pick(0, 1, 1, 2))
	{
		my ($join, $column) = inner('i', 1);
		$from .= "\n  $join";
		push @select, $column;
	}
	my @where =
	  grep { $_ } pick('', 'i.id < 20', "i.name LIKE 'p%'"),
	  rand() < 0.3
	  ? pick('', 'NOT ')
	  . 'EXISTS (SELECT FROM exo.dbaas_logs e WHERE e.zone = i.zone AND e.service_name = i.name'
	  . pick('', " AND e.message LIKE '%2 of%'", ' OFFSET 0') . ')'
	  : '';
	push @select, subquery('i') foreach 1 .. pick(0, 0, 0, 1, 1, 2);
	my $sql =
		'SELECT '
	  . join(', ', @select)
	  . "\nFROM $from"
	  . (@where ? "\nWHERE " . join(' AND ', @where) : '');
	return rand() < 0.4 ? above($sql, scalar @select) : $sql;
}

# The query below what groups, sorts or compares its rows
sub above
{
	my ($sql, $columns) = @_;
	my @all = map { "c$_" } 0 .. $columns - 1;
	my $column = pick(@all, $all[-1], $all[-1]);
	my $from = 'FROM (' . $sql . pick('', "\nOFFSET 0") . ') q(' . join(', ', @all) . ')';
	return pick(
		"SELECT DISTINCT * $from",
		"SELECT $column, count(*) $from GROUP BY 1",
		"SELECT $column, count(*), grouping(c0) $from GROUP BY CUBE (1, c0)",
		"SELECT $column $from GROUP BY 1 ORDER BY 1",
		"SELECT count(*), count(DISTINCT $column) $from",
		"SELECT $column, count(*) OVER (PARTITION BY $column) $from",
		"SELECT * $from ORDER BY $column, c0",
		"SELECT $column\::text $from UNION SELECT name FROM inventory",
		"SELECT $column\::text $from EXCEPT ALL SELECT name FROM inventory",
		"SELECT n.id, $column $from JOIN inventory n ON n.id = c0",
		"SELECT n.id, (SELECT count($column) $from WHERE c0 >= n.id) FROM inventory n "
		  . "WHERE n.id < 4");
}

# A page that follows may have been asked for when a scan is left, or not yet
sub first_pages
{
	return sort map { "$_->{method} $_->{zone} $_->{path} " . ($_->{body} // '') }
	  grep          { ($_->{body}                                         // '') !~ /"offset"/ } @_;
}

my ($compared, $unused_in_all) = (0, 0);
foreach my $i (1 .. $count)
{
	# Half-way, the planner comes to know the tables
	$session{forced}->sql('ANALYZE usual.dbaas_logs; ANALYZE usual.dbaas_migrations')
	  if $i == int $count / 2;

	my $mode = $i % 2 ? 'forced' : 'usual';
	my $session = $session{$mode};
	my $sql = query();
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
			$explain{usual} = DbaasExplain->new($session);
		}
		$session->sql("SET work_mem = '$memory'; SET dbaas_fdw.enable_lookahead = $switch");
		$rows{$switch} = join "\n", sort split /\n/, $session->sql($sql);
		$plan{$switch} = join "\n", map { s/^\W+//r } grep { !/ookahead|Looks Ahead/ } split /\n/,
		  $session->sql("EXPLAIN (COSTS OFF) $sql$limit");
		$t->sim->clear;
		my $analyzed = $session->sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $sql$limit");
		$sent{$switch} = [ first_pages($t->sim->requests) ];
		$unused = 0;
		$unused += $_ foreach $analyzed =~ /Unused Results: (\d+)/g;
	}
	my $copy = join "\n", sort split /\n/, $session->sql($sql =~ s/(?:exo|usual)\./copy./gr);
	is($rows{on}, $copy, "$mode query $i: as from copies") or diag($sql);
	is($rows{off}, $copy, "$mode query $i: without lookahead") or diag($sql);
	is(join("\n", $explain{$mode}->problems("$sql$limit", $ways)),
		'', "$mode query $i: every EXPLAIN");
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
cmp_ok($compared, '>', $count / 4,
	"the requests of $compared queries were compared, $unused_in_all not used");

done_testing();
