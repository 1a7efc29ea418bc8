# With unavailable_zones = skip no query returns a row, while a zone is down,
# that it does not return while all are up.
#
# Random queries are run twice.  The second time one zone is down: each either
# fails with the hint that says why, or returns a part of its rows.  A column
# whose value is counted over rows (an aggregate, a window function) may have
# another value, so it is not compared.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another,
# DBAAS_RANDOM_COUNT says how many queries.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261130;
my $count = $ENV{DBAAS_RANDOM_COUNT} // 400;
my $batch = 25;
srand $seed;
diag("DBAAS_RANDOM_SEED=$seed DBAAS_RANDOM_COUNT=$count");

my $t = DbaasTest->new(
	zones => 3,
	services => 4,
	logs => 5,
	conf => "autovacuum = off\n",
	server => { unavailable_zones => 'skip', max_retries => 0, request_timeout => '60s' });
my @zones = $t->sim->zones;
my $down = 'de-fra-1';
my @names = map {
	my $z = $_;
	map { sprintf '%s-%d-%04d', (qw(pg mysql kafka opensearch))[ $_ - 1 ], $z, $_ } 1 .. 4
} 1 .. 3;

my $parts = join '', map {
	my ($i, $zone) = ($_, $zones[$_]);
	my ($url, $key, $secret) = ($t->sim->endpoint_template, $t->sim->key, $t->sim->secret);
	qq{
		CREATE SERVER zone_$i FOREIGN DATA WRAPPER dbaas_fdw
			OPTIONS (endpoint '$url', zones '$zone', unavailable_zones 'skip', max_retries '0');
		CREATE USER MAPPING FOR CURRENT_USER SERVER zone_$i
			OPTIONS (api_key '$key', api_secret '$secret');
		CREATE FOREIGN TABLE parts_$i PARTITION OF parts FOR VALUES IN ('$zone') SERVER zone_$i
			OPTIONS (resource 'services');
	}
} 0 .. $#zones;
$t->sql(
	q{
	CREATE TABLE inventory (zone text, name text, n bigint);
	INSERT INTO inventory SELECT z.zone, s.name, s.node_count
		FROM exo.dbaas_services s, exo.dbaas_zones z WHERE s.name LIKE '%2' OR z.zone = s.zone;
	INSERT INTO inventory VALUES (NULL, 'pg-2-0001', 1), ('nowhere-1', NULL, 2), ('ch-gva-2',
		'no-such', NULL);
	ANALYZE inventory;
	CREATE VIEW names AS SELECT zone, name, node_count AS n FROM exo.dbaas_services
		WHERE type <> 'kafka';
	CREATE VIEW protected AS SELECT s.zone, s.name, s.node_count AS n FROM exo.dbaas_services s
		WHERE EXISTS (SELECT FROM exo.dbaas_migrations m WHERE m.service_name = s.name);
	CREATE FUNCTION of_zone(text) RETURNS TABLE (zone text, name text, n bigint) LANGUAGE sql STABLE
		AS 'SELECT zone, name, node_count FROM exo.dbaas_services WHERE zone = $1 OR $1 IS NULL';
	CREATE TABLE parts (zone text, name text, node_count bigint) PARTITION BY LIST (zone)}
	  . ";$parts");

# ---------------------------------------------------------------------------
# Making queries
# ---------------------------------------------------------------------------

sub pick   { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

our ($aliases, $depth, @ctes);

my @tables = (
	'SELECT zone, name, node_count AS n FROM exo.dbaas_services',
	'SELECT zone, name, node_count AS n FROM exo.dbaas_services',
	'SELECT zone, service_name AS name, 1::bigint AS n FROM exo.dbaas_migrations',
	'SELECT zone, service_name AS name, 2::bigint AS n FROM exo.dbaas_external_integrations',
	'SELECT zone, service_name AS name, log_limit AS n FROM exo.dbaas_logs WHERE log_limit = 2',
	'SELECT zone, name, node_count AS n FROM exo.dbaas_service_types CROSS JOIN LATERAL '
	  . '(SELECT 3::bigint AS node_count) x',
	'SELECT zone, name, n FROM names',
	'SELECT zone, name, n FROM protected',
	'SELECT zone, name, node_count AS n FROM parts',
	'SELECT zone, name, n FROM of_zone(NULL)',
	"SELECT zone, name, n FROM of_zone('de-fra-1')",
	'SELECT zone, name, n FROM inventory',
	'SELECT zone, name, n FROM inventory');

# A relation: its text, as a FROM item with columns zone, name, n; and which of
# its columns are counted
sub relation
{
	local $depth = $depth + 1;
	return pick(\&table, \&table, \&cte)->() if $depth > 3;
	return pick(
		\&table, \&table, \&table, \&filtered, \&filtered, \&filtered,
		\&joined, \&joined, \&joined, \&combined, \&combined, \&grouped,
		\&grouped, \&ranked, \&distinct, \&limited, \&chosen, \&cte,
		\&cte, \&lateral, \&recursive, \&valued)->();
}

sub made
{
	my ($text, %counted) = @_;
	return { text => $text, counted => \%counted };
}

sub from
{
	my ($relation) = @_;
	my $alias = 'r' . ++$aliases;
	return ("($relation->{text}) AS $alias", $alias);
}

sub table { return made(pick(@tables)) }

sub filtered
{
	my $in = relation();
	my ($from, $alias) = from($in);
	return made("SELECT * FROM $from WHERE " . condition($alias), %{ $in->{counted} });
}

sub joined
{
	my ($left, $right) = (relation(), relation());
	my ($l, $a) = from($left);
	my ($r, $b) = from($right);
	my $on = join ' AND ', grep { defined } "$a.name = $b.name",
	  chance(0.5) ? "$a.zone = $b.zone" : undef,
	  chance(0.2) ? "$a.n <= $b.n" : undef, chance(0.15) ? condition($b) : undef;
	my $how = pick('JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN');
	$on = "$a.name = $b.name" if $how eq 'FULL JOIN';
	my %from = map { $_ => pick([ $a, $left ], [ $b, $right ]) } qw(zone name n);
	my %counted = map { $_ => $from{$_}[1]{counted}{$_} } keys %from;
	return made(
		'SELECT '
		  . join(', ', map { "$from{$_}[0].$_" } qw(zone name n))
		  . " FROM $l $how $r ON $on"
		  . (chance(0.25) ? ' WHERE ' . condition(pick($a, $b)) : ''),
		%counted);
}

sub combined
{
	my @arms = (relation(), relation());
	my ($op) = pick(
		'UNION', 'UNION ALL', 'UNION ALL', 'INTERSECT',
		'INTERSECT ALL', 'EXCEPT', 'EXCEPT', 'EXCEPT ALL');
	my @texts = map { my ($from) = from($_); "(SELECT zone, name, n FROM $from)" } @arms;
	return made(join(" $op ", @texts),
		map { my $c = $_; $c => $arms[0]{counted}{$c} || $arms[1]{counted}{$c} } qw(zone name n));
}

sub grouped
{
	my $in = relation();
	my ($from, $alias) = from($in);
	my $by = pick('zone', 'name', 'zone, name', 'ROLLUP (zone, name)', '');
	my @shown = map { my $c = $_; $by =~ /\b$c\b/ ? $c : "max($c) AS $c" } qw(zone name);
	my $having =
	  chance(0.3)
	  ? ' HAVING '
	  . pick(
		'count(*) < 3', 'count(*) > 0',
		'bool_and(n > 1)',
		"max(name) > 'm'",
		$by =~ /name/ ? 'name > \'m\'' : 'true',
		$by =~ /zone/ ? "zone <> 'x'"  : 'true')
	  : '';
	return made(
		'SELECT '
		  . join(', ', @shown, pick('count(*) AS n', 'max(n) AS n', 'sum(n)::bigint AS n'))
		  . " FROM $from"
		  . ($by ? " GROUP BY $by" : '')
		  . $having,
		n => 1,
		zone => $by !~ /zone/ || $in->{counted}{zone},
		name => $by !~ /name/ || $in->{counted}{name});
}

sub ranked
{
	my $in = relation();
	my ($from) = from($in);
	my $over = pick(
		'row_number() OVER (PARTITION BY zone ORDER BY name)',
		'count(*) OVER ()',
		'rank() OVER (ORDER BY name)');
	return made("SELECT zone, name, $over AS n FROM $from", %{ $in->{counted} }, n => 1);
}

sub distinct
{
	my $in = relation();
	my ($from) = from($in);
	return made("SELECT DISTINCT zone, name, n FROM $from", %{ $in->{counted} });
}

sub limited
{
	my ($from) = from(relation());
	return made(
		"SELECT zone, name, n FROM $from ORDER BY "
		  . pick('name, zone, n', 'n DESC, zone, name')
		  . pick(' LIMIT 3', ' OFFSET 2', ' LIMIT 4 OFFSET 1'),
		map { $_ => 1 } qw(zone name n));
}

sub chosen
{
	my $in = relation();
	my ($from) = from($in);
	my ($by, @rest) = @{ pick([ 'name', 'zone', 'n' ], [ 'zone', 'name', 'n' ]) };
	return made(
		"SELECT DISTINCT ON ($by) zone, name, n FROM $from ORDER BY $by, $rest[0] DESC, $rest[1]",
		$by => $in->{counted}{$by},
		map { $_ => 1 } @rest);
}

sub cte
{
	return table() unless @ctes && chance(0.7);
	my $cte = pick(@ctes);
	return made("SELECT zone, name, n FROM $cte->{name}", %{ $cte->{counted} });
}

sub lateral
{
	my $in = relation();
	my ($from, $alias) = from($in);
	my $how = pick('CROSS JOIN LATERAL', 'LEFT JOIN LATERAL');
	my ($inner, $b) = from(made(pick(@tables)));
	my ($columns) = pick(
		"zone, $alias.name, n",
		'zone, name, n',
		'max(zone) AS zone, max(name) AS name, count(*) AS n');
	my %counted =
	  $columns =~ /max/
	  ? map { $_ => 1 } qw(zone name n)
	  : (name => $columns =~ /$alias/ && $in->{counted}{name});
	my $item =
		"(SELECT $columns FROM $inner WHERE $b.name = $alias.name"
	  . (chance(0.3) ? ' AND ' . condition($b) : '')
	  . ') AS l';
	return made("SELECT l.* FROM $from $how $item" . ($how =~ /LEFT/ ? ' ON true' : ''), %counted);
}

sub recursive
{
	my $in = relation();
	my ($from) = from($in);
	my ($table, $b) = from(made(pick(@tables)));
	my $more = chance(0.3) ? 'AND ' . condition($b) : '';
	my $name = 'w' . ++$aliases;
	return made(
		"WITH RECURSIVE $name AS (SELECT zone, name, n FROM $from UNION "
		  . "SELECT $b.zone, $b.name, $b.n FROM $name JOIN $table "
		  . "ON $b.zone = $name.zone $more) "
		  . "SELECT zone, name, n FROM $name",
		%{ $in->{counted} });
}

# A subquery as a value
sub valued
{
	my $in = relation();
	my ($from, $alias) = from($in);
	my ($value, $is_counted) = @{
		pick(
			[ single(), 1 ],
			[ single(), 1 ],
			[ '(EXISTS (' . relation()->{text} . '))::int', 0 ],
			[ "CASE WHEN $alias.name IN (" . names() . ') THEN 1 END', 0 ])
	};
	return made(
		"SELECT zone, name, ($value)::bigint AS n FROM $from",
		%{ $in->{counted} },
		n => $is_counted);
}

sub single
{
	my ($from) = from(relation());
	return "(SELECT count(*) FROM $from)" if chance(0.6);
	return "(SELECT max(n) FROM $from)";
}

sub names
{
	my ($from) = from(relation());
	return "SELECT name FROM $from WHERE name IS NOT NULL";
}

sub condition
{
	my ($alias) = @_;
	local $depth = $depth + 1;
	my $correlate = sub {
		my ($from, $b) = from(relation());
		return "SELECT FROM $from WHERE $b.name = $alias.name"
		  . (chance(0.3) ? " AND $b.n = $alias.n" : '');
	};
	return pick(
		"$alias.name > 'm'",
		"$alias.zone <> 'ch-gva-2'",
		"$alias.n > 1",
		"$alias.name LIKE 'pg%'",
		"$alias.n < 3") if $depth > 4 || chance(0.3);
	return pick(
		sub { 'EXISTS (' . $correlate->() . ')' },
		sub { 'NOT EXISTS (' . $correlate->() . ')' },
		sub { "$alias.name IN (" . names() . ')' },
		sub { "$alias.name NOT IN (" . names() . ')' },
		sub { "$alias.name <> ALL (" . names() . ')' },
		sub { "$alias.name >= ALL (" . names() . ')' },
		sub { "$alias.name = ANY (ARRAY(" . names() . '))' },
		sub { "$alias.name = ANY (" . names() . ')' },
		sub { "$alias.n " . pick('<', '=', '>') . ' ' . single() },
		sub { single() . pick(' = 0', ' > 2', ' IS NULL') },
		sub { 'EXISTS (' . names() . ')' },
		sub { 'NOT EXISTS (' . names() . ')' },
		sub { "CASE WHEN EXISTS (" . $correlate->() . ") THEN $alias.n > 1 ELSE true END" },
		sub { "(EXISTS (" . $correlate->() . ")) IS NOT TRUE" },
		sub { '(' . condition($alias) . ' OR ' . condition($alias) . ')' },
		sub { '(' . condition($alias) . ' AND ' . condition($alias) . ')' },
		sub { 'NOT (' . condition($alias) . ')' })->();
}

sub query
{
	($aliases, $depth) = (0, 0);
	my @with;
	local @ctes;
	foreach my $i (1 .. pick(0, 0, 1, 2))
	{
		my $in = relation();
		push @with,
			"c$i (zone, name, n) AS "
		  . pick('', '', 'MATERIALIZED ', 'NOT MATERIALIZED ')
		  . "(SELECT zone, name, n FROM "
		  . (from($in))[0] . ')';
		push @ctes, { name => "c$i", counted => $in->{counted} };
	}
	my $in = relation();
	my ($from) = from($in);
	my @compared = grep { !$in->{counted}{$_} } qw(zone name n);
	my @settings =
	  grep { chance(0.2) }
	  map  { "SET LOCAL enable_$_ = off;" }
	  qw(hashjoin mergejoin nestloop memoize material sort hashagg);
	my $sql =
		(@with ? 'WITH ' . join(', ', @with) . ' ' : '')
	  . "SELECT concat_ws(',', "
	  . join(', ', "'row'", map { "coalesce($_\::text, 'null')" } @compared)
	  . ") FROM $from";
	$sql = "PREPARE q AS $sql; EXECUTE q; DEALLOCATE q" if chance(0.2);
	return {
		sql => $sql,
		settings => "@settings SET LOCAL plan_cache_mode = "
		  . pick('force_generic_plan', 'force_custom_plan') . ';',
		exact => @compared == 3
	};
}

# ---------------------------------------------------------------------------
# Running them
# ---------------------------------------------------------------------------

my $session = $t->session;
$session->sql('SET jit = off');

# Output and messages of each query
sub run
{
	my ($timeout, @queries) = @_;
	my ($out, $err) = $session->sql_both(
		join '',
		map {
				"BEGIN; SET LOCAL statement_timeout = $timeout; $_->{settings}\n$_->{sql};\n"
			  . "ROLLBACK; DEALLOCATE ALL;\n\\echo '###'\n\\warn '###'\n"
		} @queries);
	my @out = split /^###$/m, $out, -1;
	my @err = split /^(?:psql:.*: )?###$/m, $err, -1;
	return map {
		{ rows => [ grep { /^row/ } split /\n/, $out[$_] // '' ], said => $err[$_] // '' }
	} 0 .. $#queries;
}

my %seen = map { $_ => 0 } qw(failed whole part empty strict);
my $bad = 0;
for (my $done = 0; $done < $count && $bad < 5; $done += $batch)
{
	my @queries = map { query() } 1 .. $batch;
	$t->sim->clear_faults;
	my @up = run(3000, @queries);
	$t->sim->fault({ path => '*', zone => $down, action => 'status', status => 503, times => -1 });
	my @down = run(
		60000,
		map {
			$up[$_]{said} =~ /ERROR/ || @{ $up[$_]{rows} } > 20000
			  ? { sql => 'SELECT 1', settings => '' }
			  : $queries[$_]
		} 0 .. $#queries);

	foreach my $i (0 .. $#queries)
	{
		if ($up[$i]{said} =~ /ERROR/ || @{ $up[$i]{rows} } > 20000)
		{
			$seen{failed}++;
			diag("$up[$i]{said}\n$queries[$i]{sql}")
			  if $up[$i]{said} =~ /ERROR/ && $up[$i]{said} !~ /57014/;
			next;
		}
		if ($down[$i]{said} =~ /ERROR/)
		{
			$seen{strict}++;
			next if $down[$i]{said} =~ /HINT: .*Option unavailable_zones does not skip a zone here/;
			$bad++;
			fail("query $done + $i fails in another way");
			diag("$down[$i]{said}\n$queries[$i]{sql}");
			next;
		}
		my %left;
		$left{$_}++ foreach @{ $up[$i]{rows} };
		my @added =
		  grep { $queries[$i]{exact} ? --($left{$_} //= 0) < 0 : !$left{$_} } @{ $down[$i]{rows} };
		if (@added)
		{
			$bad++;
			fail('query ' . ($done + $i) . ' returns rows because others are missing');
			note("UP @{$up[$i]{rows}}\nDOWN @{$down[$i]{rows}}");
			diag("$added[0]\n$queries[$i]{settings}\n$queries[$i]{sql}\n");
			next;
		}
		$seen{
			  @{ $down[$i]{rows} } == @{ $up[$i]{rows} } ? 'whole'
			: @{ $down[$i]{rows} }                       ? 'part'
			:                                              'empty'
		}++;
	}
}
note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
is($bad, 0, "no row of $count random queries is there because others are missing");
cmp_ok($seen{failed}, '<', $count / 5, 'most queries are run');
cmp_ok($seen{part}, '>', $count / 12, 'many return a part of their rows');
cmp_ok($seen{strict}, '>', $count / 12, 'and many need all');

done_testing();
