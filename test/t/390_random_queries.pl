# Random queries give the same rows from the foreign tables as from local copies.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another,
# DBAAS_RANDOM_COUNT says how many queries: "make joins" runs some thousands.
# They are explained by 514.
#
# Both sides run the same text; only the names of the tables differ.  A LIMIT
# whose order is not total may pick any of the rows that are equal in it.  So
# what is compared is: the number of rows, the sequence of the values that the
# query orders by, and that every row is one of the local query without LIMIT.
#
# Half of the queries are run as users run them: with the default settings, in
# sessions that have just begun.  The other half are run in one session, some with
# settings that lead to other plans.  Some requests have to wait, are made one
# after the other, or are repeated.  Some queries are cancelled first.  Many
# queries have several scans of one table, which share what the API answers.
#
# Parameters of requests (sort_order, log_limit, period) decide which rows
# there are.  A table with them is compared with a copy that was made with
# each value that the query can give.
use strict;
use warnings;

use DbaasQueries qw(copies query several text is_cut difference);
use DbaasRandom  qw(random_run pick chance);
use DbaasTest;
use Test::More;
use Time::HiRes ();

my $count = random_run(20261123, 1500);
my $batch = 25;

# Seconds for one query, which takes several times longer where assertions are checked
my $limit = ($ENV{DBAAS_TEST_TIMEOUT} || 600) / 10;

my $t = DbaasQueries::cluster();
copies($t);

# Ways to fetch all rows of a cursor, in pieces
my @fetches = (
	'DECLARE c NO SCROLL CURSOR FOR %s; FETCH 3 FROM c; FETCH ALL FROM c',
	'DECLARE c SCROLL CURSOR FOR %s; MOVE 4 FROM c; MOVE BACKWARD ALL FROM c; FETCH ALL FROM c',
	'DECLARE c CURSOR FOR %s; DECLARE d CURSOR FOR %1$s; MOVE 2 FROM d; FETCH 1 FROM c; '
	  . 'MOVE 3 FROM d; FETCH ALL FROM c; CLOSE d',
	'DECLARE c SCROLL CURSOR FOR %s; MOVE ALL FROM c; MOVE ABSOLUTE 0 FROM c; FETCH 2 FROM c; '
	  . 'DECLARE d CURSOR FOR %1$s; FETCH 0 FROM d; FETCH ALL FROM c',
	'DECLARE c CURSOR FOR %s; FETCH 1 FROM c; SAVEPOINT s; FETCH 2 FROM c; ROLLBACK TO s; '
	  . 'FETCH ALL FROM c; CLOSE c',
	'DECLARE c CURSOR WITH HOLD FOR %s; FETCH 1 FROM c; COMMIT; BEGIN; %2$s FETCH ALL FROM c; '
	  . 'CLOSE c');

# All statements of a query, with marks
sub statements
{
	my ($q) = @_;
	my $settings = join '', map { "SET LOCAL $_;\n" } @{ $q->{settings} };
	my $foreign = text($q->{cursor} ? { %$q, prepared => 0 } : $q, 'foreign');
	$foreign = sprintf $q->{cursor} =~ s/%s/%1\$s/r, $foreign, $settings if $q->{cursor};
	my @all = ("BEGIN;\n$settings$foreign;", "\\echo '==='\n" . text($q, 'local') . ';');
	unshift @all,
		"\\o /dev/null\nBEGIN;\n${settings}SET LOCAL statement_timeout = $q->{cancel};\n"
	  . text({ %$q, prepared => 0 }, 'foreign')
	  . ";\nROLLBACK;\nROLLBACK;\n\\o"
	  if $q->{cancel};
	push @all, "\\echo '==='\n" . text($q, 'local', 1) . ';' if is_cut($q);
	return join("\n", @all) . "\nROLLBACK;\nDEALLOCATE ALL;\n";
}

# The same for queries whose answer can be looked through, which the local side tells
sub guarded
{
	my ($q) = @_;
	my $local = text({ %$q, prepared => 0 }, 'local', 1);
	return
		($q->{fresh} ? "\\connect\n" : '')
	  . "SET statement_timeout = 2000;\nSELECT copy.is_small(\$small\$$local\$small\$) AS "
	  . "small \\gset\n"
	  . "SET statement_timeout = '${limit}s';\n\\if :small\n"
	  . statements($q)
	  . "\\else\n\\echo large\n\\endif\n\\echo '###'\n";
}

my $large = 0;
my ($forced, $usual);

# What is wrong with the answers, or nothing
sub wrong
{
	my ($q, $output) = @_;
	my ($foreign, $local, $full) = map { [ split /\n/, s/\A\n+//r ] } split /^===$/m, $output, -1;
	return difference($q, $foreign, $local, $full) if $local;
	return 'no answer' unless "@$foreign" eq 'large';
	$large++;
	return;
}

# Runs queries, and returns what is wrong with each
sub run
{
	my @queries = @_;
	my $session = $queries[0]{usual} ? $usual : $forced;
	my ($stdout, $stderr) = $session->sql_both(join '', map { guarded($_) } @queries);
	my @answers = split /^###$/m, $stdout, -1;
	my @result = map { scalar wrong($queries[$_], $answers[$_] // '') } 0 .. $#queries;

	# An error is of one of them: both sides may fail alike, but none should.  Warnings tell of
	# what is not released.  A query that is cancelled gives no rows; its ROLLBACK may be cancelled
	# as well, so there are two.
	$stderr =~ s/(?:ERROR:  57014|WARNING:  25P01): .*//g;
	my ($error) = $stderr =~ /((?:ERROR|WARNING):.*(?:\n.*){0,4})/;
	return @result unless defined $error;
	return "error: $error" if @queries == 1;
	my @alone = map { run({ %$_, fresh => $_->{usual} }) } @queries;
	$alone[0] //= "error, but not alone: $error" unless grep { defined } @alone;
	return @alone;
}

# Each way to leave out a part of the query
sub smaller
{
	my ($q) = @_;
	my @smaller;
	my $without = sub {
		my ($name, $i) = @_;
		my @rest = @{ $q->{$name} };
		splice @rest, $i, 1;
		push @smaller, { %$q, $name => \@rest };
	};
	foreach my $part (qw(order limit offset distinct prepared cursor cancel))
	{
		push @smaller, { %$q, $part => undef } if $q->{$part};
	}
	$without->('settings', $_) foreach reverse 0 .. $#{ $q->{settings} };
	$without->('where', $_)    foreach grep { !$q->{where}[$_][1] } reverse 0 .. $#{ $q->{where} };
	foreach my $i (reverse 1 .. $#{ $q->{from} })
	{
		my $item = $q->{from}[$i];
		my @on = @{ $item->{on} // [] };
		foreach my $j (grep { !$on[$_][1] } reverse 0 .. $#on)
		{
			my @from = @{ $q->{from} };
			$from[$i] = { %$item, on => [ map { $on[$_] } grep { $_ != $j } 0 .. $#on ] };
			push @smaller, { %$q, from => \@from };
		}
		my $alias = $item->{relation}{alias};
		my %fewer =
		  (%$q, from => [ map { $q->{from}[$_] } grep { $_ != $i } 0 .. $#{ $q->{from} } ]);
		my $rest = join ' ', (map { ref ? $_->{text} : $_ } @{ $q->{select} }),
		  map({ $_->[0] } @{ $q->{where} }, @{ $q->{order} // [] }), map {
			($_->{relation}{text} // '', map { $_->[0] } @{ $_->{on} // [] })
		  } @{ $fewer{from} };
		push @smaller, \%fewer unless $rest =~ /\b$alias\./;
	}
	if (!$q->{group} && !$q->{template} && @{ $q->{select} } > 1)
	{
		foreach my $i (reverse 0 .. $#{ $q->{select} })
		{
			next if grep { $_->[0] eq $q->{select}[$i] } @{ $q->{order} // [] };
			$without->('select', $i);
		}
	}
	return @smaller;
}

# The least query that is still wrong
sub shrink
{
	my ($q, $wrong) = @_;
	my $end = Time::HiRes::time() + 20;
	for (;;)
	{
		my $found;
		foreach my $candidate (smaller($q))
		{
			last if Time::HiRes::time() > $end;
			my ($still) = run($candidate);
			next if !$still || ($still =~ /^error/ && $wrong !~ /^error/);
			($q, $wrong, $found) = ($candidate, $still, 1);
			last;
		}
		last unless $found;
	}
	return ($q, $wrong);
}

# One session has settings that lead to plans that are rarely chosen.  The other begins again and
# again, and has what a server has by default.
my %run;

sub sessions
{
	$_->quit foreach grep { $_ } $forced, $usual;
	($forced, $usual) = map { $t->session } 1, 2;
	$forced->sql('SET jit = off');
	return;
}

sub batch
{
	my ($n, $usual) = @_;
	my @queries = map { chance(0.4) ? several() : query() } 1 .. $n;
	foreach my $i (0 .. $#queries)
	{
		my $q = $queries[$i];
		my @settings = @{ $q->{settings} };
		if ($q->{template})
		{
			push @settings, "work_mem = '64kB'" if chance(0.25);
			push @settings, 'dbaas_fdw.enable_lookahead = off' if chance(0.1);
			$q->{prepared} = chance(0.3);
			push @settings, 'plan_cache_mode = force_generic_plan' if $q->{prepared};
			push @settings, "enable_$_ = off"
			  foreach grep { chance(0.2) }
			  qw(hashjoin mergejoin nestloop material memoize async_append);
		}
		@settings = grep { !/^enable_/ } @settings if $usual;
		$q->{settings} = \@settings;
		$q->{usual} = $usual;
		$q->{fresh} = $usual && $i % 4 == 0;
		$q->{cursor} = pick(@fetches) if chance(0.12);
		$q->{cancel} = pick(1, 2, 3, 5, 10, 20) if chance(0.05);
	}
	return @queries;
}

my ($done, $bad) = (0, 0);
my $start = Time::HiRes::time();
$t->sim->clear;
while ($done < $count && $bad < 5)
{
	# A new session knows nothing of the tables
	sessions() if $done % 1000 == 0;
	my $number = $done / $batch;
	my $latency = $number % 10 == 3 ? 2 : 0;
	my $concurrency = $number % 10 == 6 ? 1 : 8;
	$t->sim->config(latency => $latency);
	$t->sim->clear_faults;
	$t->sim->fault(
		{
			path => pick('/dbaas-service', '/dbaas-service-*/*'),
			action => 'status',
			status => 503,
			skip => int rand 50,
			times => 3
		}) if $number % 10 == 8;
	$forced->sql("ALTER SERVER exoscale OPTIONS (SET max_concurrency '$concurrency')");
	my @queries = batch($count - $done < $batch ? $count - $done : $batch, $number % 2);
	my @wrong = run(@queries);
	$run{ $number % 2 ? 'usual' : 'forced' } += @queries;

	foreach my $i (0 .. $#queries)
	{
		next unless $wrong[$i] && $bad < 5;
		$bad++;
		my ($least, $still) = shrink($queries[$i], $wrong[$i]);
		fail('query ' . ($done + $i));
		diag("$still\n", statements($least));
	}
	$done += @queries;

	# Half-way, the planner comes to know the tables
	$forced->sql(
		'ANALYZE exo.dbaas_logs; ANALYZE exo.dbaas_services; ANALYZE exo.dbaas_migrations;
		ANALYZE exo.dbaas_metrics') if $done >= $count / 2 && $done - @queries < $count / 2;
}
cmp_ok($large, '<', $done / 4 + 10, 'most queries are run');
is($bad, 0, "$done random queries give the rows of the copies");
is($forced->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left');
is( $forced->sql(
		q{SELECT string_agg(DISTINCT name, ', ') FROM pg_backend_memory_contexts
		WHERE name LIKE 'dbaas%'
			AND name !~ '^dbaas_fdw (connection|rows|servers|statistics|zones)$'}
	),
	'',
	'and no memory of a scan');
my @sent = $t->sim->requests;
note(sprintf '%d queries, %d left out as too large, %d requests, %.1f s',
	$done, $large, scalar @sent, Time::HiRes::time() - $start);

my @refused = grep { ($_->{status} // 0) >= 400 && $_->{status} !~ /^(?:404|503)$/ } @sent;
is(scalar @refused, 0, 'and no request is refused');
diag("$refused[0]{method} $refused[0]{path} $refused[0]{status} $refused[0]{body}") if @refused;

done_testing();
