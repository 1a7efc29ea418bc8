package DbaasJoins;

=head1 NAME

DbaasJoins - random joins of a local table with foreign ones, and local copies of these

=head1 SYNOPSIS

    use DbaasJoins qw(join_copies join_query);

    join_copies($session, 'exo');   # makes public.inventory, and the copies in schema copy
    my $sql = join_query();
    my $local = $sql =~ s/exo\./copy./gr;

=head1 FUNCTIONS

=over

=item join_copies($session, $schema)

Copies the tables of a schema, which is of a server with 16 services in a zone.

=item join_query()

A random query: laterals, subqueries and joins, some below what groups, sorts or compares them.
Its foreign tables are those of schema exo.

=back

=cut

use strict;
use warnings;

use DbaasRandom qw(pick);
use Exporter    qw(import);

our @EXPORT_OK = qw(join_copies join_query);

my @tables = qw(logs migrations external_integrations);

sub join_copies
{
	my ($session, $schema) = @_;
	$session->sql('CREATE SCHEMA IF NOT EXISTS copy; SET client_min_messages = warning;');
	$session->sql(
		"CREATE TABLE copy.dbaas_$_ AS SELECT * FROM $schema.dbaas_$_; " . "ANALYZE copy.dbaas_$_")
	  foreach @tables;
	$session->sql(
		qq{
		CREATE TABLE inventory AS SELECT row_number() OVER (ORDER BY name, zone) AS id, zone, name,
			type FROM $schema.dbaas_services;
		INSERT INTO inventory SELECT 100 + id, zone, CASE WHEN id % 3 = 0 THEN name WHEN id % 3 = 1
			THEN 'no-such' END, type FROM inventory WHERE id < 12;
		ANALYZE inventory});
	return;
}

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

sub join_query
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

1;
