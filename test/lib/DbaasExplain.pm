package DbaasExplain;

=head1 NAME

DbaasExplain - every way to have a statement explained

=head1 SYNOPSIS

    use DbaasExplain;

    my $explain = DbaasExplain->new($session);            # a DbaasTest::Session
    my $explain = DbaasExplain->new($session, $sim);      # beside another DbaasSim
    is(join("\n", $explain->problems($sql)), '', 'it can be explained');
    is(join("\n", $explain->problems($sql, 3)), '', 'in three of the ways');

=head1 DESCRIPTION

A plan that runs may still be one that EXPLAIN, or auto_explain, stumbles over:
they look at plans and their nodes in ways that the executor does not.  So each
plan that a test runs is also explained here.

The text may be several statements, such as settings before a query.  Each that
can be explained is, in one transaction with those that cannot, which is rolled
back.

Only EXPLAIN ANALYZE makes requests, and those that its scans have counted are
those that the simulator recorded.  A scan that is left early may have sent
requests that the simulator has not read.

=head1 METHODS

=over

=item counts($sql, @plans)

What is wrong with plans in JSON that were made since the simulator's record was
cleared, of a run of the statement: each as a text.

=item problems($sql, $few)

Explains it in every way, or in some that are picked at random; returns what is
wrong, each as a text.  That an option is new, or a column's name taken twice, is
no problem.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS qw(decode_json);

# Options of EXPLAIN, and the server's version that has them
my @options = (
	[''],
	['COSTS OFF'],
	['VERBOSE'],
	['VERBOSE, COSTS OFF'],
	['SETTINGS, SUMMARY'],
	['BUFFERS'],
	['FORMAT JSON'],
	['VERBOSE, FORMAT JSON'],
	['VERBOSE, FORMAT YAML'],
	['VERBOSE, FORMAT XML'],
	['ANALYZE'],
	['ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF'],
	['ANALYZE, VERBOSE, BUFFERS, SETTINGS, WAL'],
	['ANALYZE, VERBOSE, BUFFERS, SETTINGS, WAL, FORMAT JSON'],
	['ANALYZE, VERBOSE, BUFFERS, WAL, FORMAT YAML'],
	['ANALYZE, VERBOSE, BUFFERS, WAL, FORMAT XML'],
	[ 'GENERIC_PLAN', 16 ],
	[ 'GENERIC_PLAN, VERBOSE, FORMAT JSON', 16 ],
	[ 'MEMORY, VERBOSE', 17 ],
	[ 'ANALYZE, SERIALIZE, MEMORY, VERBOSE', 17 ],
	[ 'ANALYZE, SERIALIZE BINARY, FORMAT JSON', 17 ]);

# What auto_explain shall show
my @logged = map { "SET LOCAL auto_explain.log_min_duration = 0; $_" }
  'SET LOCAL auto_explain.log_analyze = on; SET LOCAL auto_explain.log_verbose = on',
  'SET LOCAL auto_explain.log_format = json',
  'SET LOCAL auto_explain.log_analyze = on; SET LOCAL auto_explain.log_format = yaml',
  'SET LOCAL auto_explain.log_verbose = on; SET LOCAL auto_explain.log_format = xml';

sub new
{
	my ($class, $session, $sim) = @_;
	$session->sql(
		"LOAD 'auto_explain'; SET auto_explain.log_level = 'debug5';
		SET auto_explain.log_nested_statements = on");
	my $version = $session->sql('SHOW server_version_num') / 10000;
	my @forms = grep { ($_->[1] // 0) <= $version } @options;
	return bless { session => $session, sim => $sim // $session->sim, forms => \@forms }, $class;
}

sub _picked
{
	my ($few, @all) = @_;
	return @all if !defined $few || @all <= $few;
	return map { splice @all, rand @all, 1 } 1 .. $few;
}

sub _is_query
{
	my ($sql) = @_;
	return $sql =~ /^(?:SELECT|WITH|VALUES|TABLE)\b/i
	  && $sql !~ /\b(?:INSERT|UPDATE|DELETE|MERGE)\b/i;
}

# The statements that explain one
sub _explained
{
	my ($self, $sql) = @_;
	my @all = map { 'EXPLAIN ' . ($_->[0] && "($_->[0]) ") . $sql } @{ $self->{forms} };
	return @all if $sql =~ /^EXECUTE/i;
	push @all,
	  map { "PREPARE explained AS $sql; EXPLAIN ($_) EXECUTE explained; DEALLOCATE explained" }
	  'VERBOSE', 'ANALYZE, VERBOSE, FORMAT JSON';
	return @all if !_is_query($sql);
	foreach my $as ('DECLARE explained CURSOR FOR', 'CREATE TABLE explained AS')
	{
		push @all, map { "EXPLAIN ($_) $as $sql" } 'VERBOSE', 'ANALYZE, VERBOSE';
	}
	push @all, "EXPLAIN (VERBOSE) CREATE MATERIALIZED VIEW explained AS $sql";
	return @all;
}

# The ways to run it while auto_explain looks
sub _run
{
	my ($sql) = @_;
	return $sql if $sql !~ /^\w/ || $sql =~ /^(?:EXECUTE|DO)\b/i;
	my @all = ($sql, "PREPARE logged AS $sql; EXECUTE logged; DEALLOCATE logged");
	push @all, "DO \$logged\$ DECLARE r record; BEGIN FOR r IN $sql LOOP END LOOP; END \$logged\$",
	  "DO \$logged\$ DECLARE r record; BEGIN FOR r IN $sql LOOP EXIT; END LOOP; END \$logged\$",
	  "DECLARE logged SCROLL CURSOR FOR $sql; "
	  . 'FETCH 2 FROM logged; MOVE BACKWARD 1 FROM logged; CLOSE logged'
	  if _is_query($sql);
	return @all;
}

sub _logged
{
	return map { $logged[ $_ % @logged ] . "; $_[$_]" } 0 .. $#_;
}

# The errors, without those that are the statement's own fault: names of columns, and types,
# that a table cannot have
sub _errors
{
	my ($self, @statements) = @_;
	my @undone = map { "SAVEPOINT explained;\n$_;\nROLLBACK TO explained;\n" } @statements;
	my ($stdout, $stderr) = $self->{session}->sql_both(join '', @undone);
	my @errors = $stderr =~ /(ERROR:  .*(?:\n(?:DETAIL|HINT):.*)*)/g;
	return ($stdout, grep { !/ERROR:  (?:42701|42P16):/ } @errors);
}

# A plan as lines, without our node and without what only it brings
sub _without_node
{
	my ($plan) = @_;
	my @lines = map { s/^[ >-]+//r =~ s/[()]//gr } split /\n/, $plan;
	my @kept;
	while (defined(my $line = shift @lines))
	{
		if ($line =~ /^Custom Scan dbaas_fdw lookahead/)
		{
			shift @lines while @lines && $lines[0] =~ /^Output:|^Looks Ahead For/;
			next;
		}
		push @kept, $line;
	}
	return join "\n", @kept;
}

# One plan says the same with our node and without it
sub _differs
{
	my ($self, $sql) = @_;
	return if $sql =~ /^EXECUTE/i;
	my $explain = 'EXPLAIN (VERBOSE, COSTS OFF) EXECUTE explained';
	my ($both, @errors) = $self->_errors(
		"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE explained AS $sql;
		SET LOCAL dbaas_fdw.enable_lookahead = on; $explain;\n\\echo without
		SET LOCAL dbaas_fdw.enable_lookahead = off; $explain; DEALLOCATE explained");
	return @errors if @errors;
	my @plans = map { _without_node($_) } split /^without\n/m, $both;
	return if @plans == 2 && $plans[0] ne '' && $plans[0] eq $plans[1];
	return "EXPLAIN of $sql differs:\n$plans[0]\nwithout lookahead:\n$plans[1]";
}

# The nodes below one, and the tables that it writes, where it is not one
sub _below
{
	return map { @{ $_[0]{$_} // [] } } 'Plans', 'Target Tables';
}

# What the scans and writes of a plan have counted
sub _counted
{
	my ($node, $name) = @_;
	return 0 if !ref $node;
	return eval {
		_sum(map { _counted($_, $name) } @$node);
	} if ref $node eq 'ARRAY';
	return ($node->{$name} // 0) + _sum(map { _counted($_, $name) } _below($node));
}

# Has it a node that counts?
sub _counts
{
	my ($node) = @_;
	return exists $node->{Requests} || grep { _counts($_) } _below($node);
}

sub _sum { my $sum = 0; $sum += $_ foreach @_; return $sum }

sub counts
{
	my ($self, $sql, @plans) = @_;
	my ($requests, $unused, $counts) = (0, 0, 0);
	$self->{sim}->settle;
	foreach my $plan (@plans)
	{
		my $json = eval { Cpanel::JSON::XS->new->decode($plan) } or return "no JSON: $@$plan";
		my $top = ref $json eq 'ARRAY' ? $json->[0]{Plan} : $json->{Plan};
		$requests += _counted($top, 'Requests');
		$unused   += _counted($top, 'Unused Results');
		$counts ||= _counts($top);
	}

	# What functions and triggers ask for is in no plan but theirs
	return if !$counts;

	# The logs of another API are in no record
	return if $sql =~ /\b(?:paged|unsorted)\./;
	my @sent = map { "$_->{method} $_->{zone} $_->{path}" } $self->{sim}->requests;
	return if @sent == $requests;
	return if @sent < $requests && ($unused || $sql =~ /\b(?:LIMIT|EXISTS|FETCH)\b/i);
	return join "\n", "$requests requests were counted, and received:", @sent;
}

# Has EXPLAIN made requests, without ANALYZE?
sub _requested
{
	my ($self) = @_;
	return map { "EXPLAIN made a request: $_->{method} $_->{path}" } $self->{sim}->requests;
}

sub problems
{
	my ($self, $sql, $few) = @_;
	my $session = $self->{session};
	my @statements =
	  grep { /\S/ && !/^\s*(?:BEGIN|ROLLBACK|COMMIT)\s*$/i } $sql =~ /((?:\$\$.*?\$\$|[^;])+)/gs;
	my @problems;

	$session->sql('BEGIN');
	foreach my $statement (map { s/^\s+|\s+$//gr } @statements)
	{
		if ($statement !~ /^(?:SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|EXECUTE|DO)\b/i)
		{
			$session->sql($statement);
			next;
		}
		if ($statement !~ /^DO\b/i)
		{
			my @explained = _picked($few, $self->_explained($statement));
			my (undef, @errors) = $self->_errors(grep { /\bANALYZE\b/ } @explained);
			$self->{sim}->clear;
			push @errors, ($self->_errors(grep { !/\bANALYZE\b/ } @explained))[ 1 .. @explained ];
			push @problems, grep { defined } @errors, $self->_differs($statement);
			my ($json) = $self->_errors("EXPLAIN (VERBOSE, FORMAT JSON) $statement");
			push @problems, "no JSON: $@$json" unless eval { decode_json($json) };
			push @problems, $self->_requested;
			$self->{sim}->clear;
			($json) = $self->_errors("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) $statement");
			push @problems, $self->counts($statement =~ /^EXECUTE\b/i ? $sql : $statement, $json);
		}
		my (undef, @errors) = $self->_errors(_logged(_picked($few, _run($statement))));
		push @problems, map { "auto_explain: $_" } @errors;
	}
	$session->sql('ROLLBACK');
	return map { "$_\n$sql" } @problems;
}

1;
