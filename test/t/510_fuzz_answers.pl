# Answers of the API, and whatever may become of them: what a backend shows is what json-c reads in
# them, what cannot be read is an error that says so, and the session works on.
#
# A case is a statement, and what was sent in answer to it.  One that fails is left in
# $DBAAS_RESULTS; DBAAS_ANSWERS='FILE...' runs such files alone.  Those in test/answers/ run first
# each time.  "make fuzz FUZZ=answers" is the long form.
use strict;
use warnings;

use DbaasAnswers;
use DbaasJudge;
use DbaasSpoilt qw(mutated framed broken);
use DbaasRandom qw(random_run random_goes_on pick chance);
use DbaasTest;
use File::Basename          qw(basename);
use JSON::PP                ();
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Time::HiRes ();

my $zone = 'ch-gva-2';
my $most = 1024 * 1024;
my $marker = 'S3CRET';    # in what the simulator hides nothing of

my $build = `make -s test/json/values 2>&1`;
is($build, '', 'json-c is at hand');

my $t = DbaasTest->new(services => 4, logs => 5, import => 0, conf => "log_statement = none\n");
my $api = DbaasAnswers->start($t->sim->port);
my %options = (
	endpoint => $api->endpoint_template,
	zones => $zone,
	request_timeout => 1,
	max_response_bytes => $most);
$t->create_server(%options, max_retries => 0);
$t->add_server('patient', 'patient', %options, max_retries => 1);
my $judge = DbaasJudge->new($t->session);
my $session;

# ------------------------------------------------------------------------
# What is read
# ------------------------------------------------------------------------

# The columns of a resource that show a field, [type, field] by their names
sub columns
{
	my ($resource) = @_;
	my %all;
	foreach (
		split /\n/,
		$t->sql(
				"SELECT column_name, data_type, field FROM dbaas_fdw_catalogue() "
			  . "WHERE resource = '$resource' AND field IS NOT NULL "
			  . "AND column_name NOT IN ('host', 'port')"))
	{
		my ($name, @column) = split /\|/;
		$all{$name} = \@column;
	}
	return %all;
}

# A table of the catalogue: (resource, table, request, rows, keys, more)
sub known
{
	my ($resource, $table, $request, $rows, $keys, %more) = @_;
	return {
		name => $table,
		from => "exo.$table",
		request => $request =~ s{ }{ /$zone/v2}r,
		rows => $rows,
		columns => { columns($resource) },
		keys => $keys,
		%more
	};
}

# A table that declares its own path
sub declared
{
	my ($name, $request, $rows, $columns, %more) = @_;
	my $sql = join ', ', map {
		my $type = $columns->{$_}[0] =~ s/any //r;
		qq("$_" $type OPTIONS (field '$columns->{$_}[1]'))
	  }
	  sort keys %$columns;
	$t->sql(
		"CREATE FOREIGN TABLE exo.$name (zone text, $sql) SERVER exoscale OPTIONS (path '$request'"
		  . (length $rows ? ", rows '$rows')" : ')'));
	return {
		name => $name,
		from => "exo.$name",
		request => "GET /$zone/v2$request",
		rows => $rows,
		columns => $columns,
		keys => {},
		declared => 1,
		%more
	};
}

my $pg = { service_name => 'pg-1-0001' };
my $details = 'GET /dbaas-postgres/pg-1-0001';
my $id = DbaasSim::uuid("1/$zone/integrations/1");
my $task = DbaasSim::uuid('a task');
my %whole = (whole => [ jsonb => '*' ]);

my @tables = (
	known('services', 'dbaas_services', 'GET /dbaas-service', 'dbaas-services[]', {}),
	known('service-details', 'dbaas_service_details', $details, '', { %$pg, type => 'pg' }),
	known('users', 'dbaas_users', $details, 'users[]', $pg, listed => 1),
	known('databases', 'dbaas_databases', $details, 'databases[]', $pg, listed => 1, values => 1),
	known('nodes', 'dbaas_nodes', $details, 'node-states[]', $pg, listed => 1),
	known('backups', 'dbaas_backups', $details, 'backups[]', $pg, listed => 1),
	known(
		'connection-pools', 'dbaas_connection_pools',
		$details, 'connection-pools[]',
		$pg, listed => 1),
	known(
		'maintenance-updates', 'dbaas_maintenance_updates',
		$details, 'maintenance.updates[]',
		$pg, listed => 1),
	known('logs', 'dbaas_logs', 'POST /dbaas-service-logs/pg-1-0001', 'logs[]', $pg, verbatim => 1),
	known(
		'metrics', 'dbaas_metrics', 'POST /dbaas-service-metrics/pg-1-0001',
		'metrics{}.data<>', $pg),
	known('integrations', 'dbaas_integrations', "GET /dbaas-integration/$id", '', { id => $id }),
	known('tasks', 'dbaas_tasks', "GET /dbaas-task/pg-1-0001/$task", '', { %$pg, id => $task }),
	known('ca-certificates', 'dbaas_ca_certificates', 'GET /dbaas-ca-certificate', '', {}),
	known(
		'integration-types', 'dbaas_integration_types',
		'GET /dbaas-integration-types', 'dbaas-integration-types[]',
		{}, verbatim => 1),
	known(
		'service-types', 'dbaas_service_types',
		'GET /dbaas-service-type', 'dbaas-service-types[]',
		{}),
	known('plans', 'dbaas_plans', 'GET /dbaas-service-type', 'dbaas-service-types[].plans[]', {}),
	declared(
		'whole_service', '/dbaas-service', 'dbaas-services[]',
		{ %whole, name => [ 'any text' => 'name' ], list => [ jsonb => '../dbaas-services' ] }),
	declared('whole_details', '/dbaas-postgres/pg-1-0001', '', \%whole, values => 1),
	declared('anything', '/any/thing', '[]', \%whole, values => 1),
	declared('members', '/any/members', '{}', { %whole, key => [ text => '#key' ] }, values => 1),
	declared(
		'cells',
		'/any/cells',
		'<>',
		{
			label => [ jsonb => '#label' ],
			first => [ jsonb => '#first' ],
			value => [ jsonb => '#value' ]
		}),
	declared(
		'deep',
		'/any/deep',
		'a[].b{}.c[]',
		{
			%whole,
			key => [ text => '../#key' ],
			x => [ jsonb => '../../x|../y' ]
		},
		values => 1));

sub literal { return "'" . $_[0] =~ s/'/''/gr . "'" }

foreach my $table (@tables)
{
	my @names = sort keys %{ $table->{columns} };
	my $keys = { zone => $zone, %{ $table->{keys} } };
	$table->{names} = \@names;
	$table->{list} = join q{ || '|' || }, literal($table->{name}),
	  map { qq(coalesce(encode(convert_to("$_"::text, 'UTF8'), 'hex'), '-')) } @names;
	$table->{where} = join ' AND ', map { "$_ = " . literal($keys->{$_}) } sort keys %$keys;
	$table->{sql} = "SELECT $table->{list} FROM $table->{from} WHERE $table->{where}";
	$table->{given} =
	  { map { exists $keys->{ $names[$_] } ? ($_ => $keys->{ $names[$_] }) : () } 0 .. $#names };
}
my %table = map { $_->{name} => $_ } @tables;

sub wanted
{
	my ($table, $body) = @_;
	return $judge->rows(
		$body,
		rows => $table->{rows},
		columns => [ @{ $table->{columns} }{ @{ $table->{names} } } ],
		keys => $table->{given},
		map { $_ => $table->{$_} } qw(values verbatim));
}

# Rows as the statement's lines have them
sub shown
{
	my ($table, $output) = @_;
	my @rows;
	foreach my $line (split /\n/, $output)
	{
		my ($name, @values) = split /\|/, $line, -1;
		push @rows, [ map { $_ eq '-' ? undef : pack 'H*', $_ } @values ]
		  if $name eq $table->{name};
	}
	return \@rows;
}

# ------------------------------------------------------------------------
# The answers as they should be
# ------------------------------------------------------------------------

my $json = JSON::PP->new->canonical->utf8->allow_bignum;
$api->record("GET /$zone/v2/dbaas-task/pg-1-0001/$task" =>
		qq({"id":"$task","task-type":"migration_check","create-time":"2026-01-02T03:04:05.678901Z",)
	  . q("success":true,"result":"done","result-codes":[{"code":"ok","dbname":"h\u00e9"}]}));
$api->record("POST /$zone/v2/dbaas-service-metrics/pg-1-0001" =>
		q({"metrics":{"cpu_usage":{"data":{"cols":[{"label":"time","type":"date"},)
	  . q({"label":"pg-1-0001-1","type":"number"},{"label":"pg-1-0001-2"}],"rows":[)
	  . q(["2026-01-01T00:00:00Z",24.40,-1e-7],["2026-01-01T00:01:00Z",4,null]]},)
	  . q("hints":{"title":"CPU"}},)
	  . q("load":{"data":{"cols":[{"label":"time"}],"rows":[]}},"disk":{"hints":{}}}}));
$api->record("POST /$zone/v2/dbaas-service-logs/pg-1-0001 on" => '{"logs":[]}');
$api->record(
	"GET /$zone/v2/any/thing" => '[1,"a",{"password":"' . $marker . '","b":[true]},null,[2.50]]');
$api->record(
	"GET /$zone/v2/any/members" => '{"a":{"x":1},"b":[],"c":null,"api-key":"' . $marker . '"}');
$api->record("GET /$zone/v2/any/cells" =>
	  '{"cols":[{"label":"t"},{"label":"n"},{"label":"m"}],"rows":[["x",1,2],["y",null,4.5]]}');
$api->record("GET /$zone/v2/any/deep" =>
	  '{"a":[{"x":1,"b":{"k":{"c":[1,{}],"y":7},"l":{}}},{"b":null},{}]}');

$session = $t->session;
$session->sql($_->{sql}) foreach @tables;
my %clean = %{ $api->recorded };

# The list without what json-c does not know, shorter; the details without passwords in texts
foreach my $request (
	"GET /$zone/v2/dbaas-service-type",
	"GET /$zone/v2/dbaas-service",
	"GET /$zone/v2/dbaas-postgres/pg-1-0001")
{
	my $answer = $json->decode($clean{$request});
	delete @$answer{qw(uri connection-info)};
	$answer->{'ip-filter'} //= ['192.0.2.0/24'] if exists $answer->{users};
	my $list = $answer->{'dbaas-service-types'};
	if ($list)
	{
		splice @$list, 3;
		splice @{ $_->{plans} }, 3 foreach @$list;
	}
	$api->record($request => $json->encode($answer) =~ s/18446744073709551617123/1844674407/gr);
}
%clean = %{ $api->recorded };
is(scalar(grep { !defined } @clean{ map { $_->{request} } @tables }), 0, 'each has an answer');

sub problem_of_rows
{
	my ($table, $rows, $wanted) = @_;
	return scalar(@$rows) . ' rows, not ' . @$wanted if @$rows != @$wanted;
	foreach my $i (0 .. $#$rows)
	{
		foreach my $j (0 .. $#{ $table->{names} })
		{
			my ($is, $should) = map { $_->[$i][$j] } $rows, $wanted;
			return
				"row $i: $table->{names}[$j] is "
			  . ($is // 'NULL')
			  . ', not '
			  . ($should // 'NULL')
			  unless $judge->same($is, $should);
		}
	}
	return;
}

# What each shows of them, once and for all
foreach my $table (@tables)
{
	my $verdict = wanted($table, $clean{ $table->{request} });
	$table->{clean} = $session->sql($table->{sql});
	my $problem = $verdict->{refused}
	  // problem_of_rows($table, shown($table, $table->{clean}), $verdict->{rows});
	is($problem, undef, "$table->{name} of an answer as it should be");
	cmp_ok(scalar(@{ $verdict->{rows} // [] }), '>', 0, 'which has rows');
}

# The users of all services, by the list of services: those of each that it names
my %users;
my $services = {
	%{ $table{dbaas_services} },
	name => 'dbaas_users',
	names => $table{dbaas_users}{names},
	sql => "SELECT $table{dbaas_users}{list} FROM exo.dbaas_users WHERE zone = '$zone'",
	expected => sub {
		my ($body) = @_;
		my $verdict = $judge->rows(
			$body,
			rows => $table{dbaas_services}{rows},
			columns => [ map { [ jsonb => $_ ] } 'name', 'type' ]);

		# No column shows the name and the type, so a NUL there need not be an error
		return { either => 1 } if ($verdict->{refused} // '') eq 'jsonb: !22P05';
		my %named = map { ($_->[0] // '') . ($_->[1] // '') => 1 } @{ $verdict->{rows} // [] };
		$verdict->{rows} = [ map { @{ $users{$_} // [] } } sort keys %named ] if $verdict->{rows};
		return $verdict;
	}
};
foreach my $service (@{ $json->decode($clean{ $services->{request} })->{'dbaas-services'} })
{
	my $rows =
	  shown($services, $session->sql("$services->{sql} AND service_name = '$service->{name}'"));
	$users{"\"$service->{name}\"\"$service->{type}\""} = $rows;
}
$services->{clean} = $session->sql($services->{sql});

# ------------------------------------------------------------------------
# Cases
# ------------------------------------------------------------------------

my $documented = do
{
	my ($table) = slurp_file('doc/errors.md') =~ /^## By SQLSTATE\n(.*?)^## /ms;
	my @states = $table =~ /^\| ([0-9A-Z]{5}) \|/mg;
	cmp_ok(scalar(@states), '>', 15, 'the documentation has SQLSTATEs');
	join '|', @states;
};
my %sqlstate = (
	(map { $_ => '22023' } 400, 422),
	(map { $_ => '28000' } 401, 403),
	(map { $_ => '55006' } 409, 412, 423),
	429 => '53400');

# What they say of an answer that cannot be read
my $clear = join '|', 'answered with unusable JSON$', 'answered with JSON that is not an object$',
  'answered with an unexpected shape$', ': field ".*" of row \d+ cannot be used$',
  ': field ".*" is of type ';

my (%counts, $failed);

# What is wrong with the error of a statement; undef if nothing is
sub problem_of_error
{
	my ($error, $answer) = @_;
	my $request = $answer->{table}{request} =~ s{/$zone/v2}{}r;
	my $state = $error->{sqlstate};

	return "SQLSTATE $state" if $state !~ /^(?:$documented)$/;
	return if $state eq '57014' && $answer->{stopped};
	return "it does not say which request: $error->{message}"
	  if $error->{message} !~ /^\Q$request\E in zone $zone(?: |:|$)/;
	my $status = $answer->{fate}{status} // 0;
	my $wanted = $sqlstate{$status} // 'HV000';
	$wanted = '(?:HV000|53400)' if $answer->{first};
	$wanted = '(?:HV000|08001)' if !$status && !exists $answer->{fate}{reads};
	return "SQLSTATE $state, not $wanted" if $state !~ /^$wanted$/;
	return;
}

sub distinct
{
	my %all = map {
		join('|', map { $_ // '-' } @$_) => $_
	} @_;
	return @all{ sort keys %all };
}

# What is wrong with the outcome of one answer
sub problem_of_answer
{
	my ($answer, $output, $error) = @_;
	my ($table, $fate) = @$answer{qw(table fate)};
	my $status = $fate->{status} // 200;

	# No error, but no row, where a key names nothing
	if ($status == 404 && %{ $table->{keys} })
	{
		return $error
		  ? "HTTP 404: $error->{message}"
		  : problem_of_rows($table, shown($table, $output), []);
	}
	return $error ? problem_of_error($error, $answer) : 'it is read' if $fate->{fails};
	my $body = $fate->{reads} // $fate->{reads_or_fails};
	if (!defined $body)
	{
		return $error ? problem_of_error($error, $answer) : undef;
	}
	my $verdict = $table->{expected} ? $table->{expected}->($body) : wanted($table, $body);
	return $error ? problem_of_error($error, $answer) : undef if $verdict->{either};
	if ($verdict->{refused})
	{
		return "it is read, and should not be: $verdict->{refused}" if !$error;
		return "an unclear error: $error->{message}"
		  if exists $fate->{reads} && !$answer->{stopped} && $error->{message} !~ /$clear/s;
		return problem_of_error($error, $answer);
	}
	if ($error)
	{
		return problem_of_error($error, $answer)
		  if $answer->{stopped}
		  || exists $fate->{reads_or_fails}
		  || $answer->{doubtful}
		  || $verdict->{twice}
		  || grep { ref } map { @$_ } @{ $verdict->{rows} };
		return "it is refused: $error->{message}: " . ($error->{detail} // '');
	}
	my $rows = shown($table, $output);
	# In the order of the list, and twice where that names a service twice
	@$_ = distinct(@$_) foreach $table->{expected} ? ($rows, $verdict->{rows}) : ();
	return problem_of_rows($table, $rows, $verdict->{rows});
}

# Leaves the answers in files that run_file() takes; where one was packed, what is in it too
sub kept_answers
{
	my ($case, @answers) = @_;
	my $seed = $ENV{DBAAS_RANDOM_SEED} // 'default';
	my %files;
	foreach my $answer (@answers)
	{
		my ($fate, $sent) = @$answer{qw(fate sent)};
		my $file = ($ENV{DBAAS_RESULTS} // '/tmp') . "/answer-$seed-$case-$answer->{table}{name}";
		my $reads = $fate->{reads};
		my $plain = defined $reads && $sent->{bytes} =~ /\r\n\r\n\Q$reads\E\z/;
		my $kind = $fate->{fails} ? 'fails' : $plain ? 'reads' : 'either';
		$files{$file} = "$answer->{table}{name} $kind $sent->{end}\n$sent->{bytes}";
		$files{"$file-plain"} = "$answer->{table}{name} reads keep\n" . DbaasAnswers::answer($reads)
		  if defined $reads && !$plain;
	}
	foreach my $file (keys %files)
	{
		open my $fh, '>:raw', $file or die "$file: $!";
		print $fh $files{$file};
		close $fh or die "$file: $!";
	}
	return join ' ', sort map { basename($_) } keys %files;
}

sub rss { return DbaasTest::rss($session->pid) // die 'the backend has ended' }

# Without connections
sub descriptors
{
	$session->sql("SELECT dbaas_fdw_disconnect('$_')") foreach 'exoscale', 'patient';
	return scalar grep { !m{/pgdata/} }
	  map { readlink($_) // () } glob '/proc/' . $session->pid . '/fd/*';
}

sub contexts
{
	return $session->sql(
		q{SELECT string_agg(name || ' ' || n, ', ' ORDER BY name) FROM (SELECT name, count(*) AS n
		FROM pg_backend_memory_contexts WHERE name LIKE 'dbaas%' GROUP BY name) c});
}

# What a session keeps, it has then
sub rest
{
	$api->prepare();
	$session->sql($_)
	  foreach 'SELECT count(*) FROM patient.dbaas_services', map { $_->{sql} } @tables;
	return;
}

# A RESET may be cancelled by what it is to end
sub end_timeout
{
	1 while ($session->sql_both('RESET statement_timeout'))[1] ne '';
	return;
}

# Is there a secret behind a name that does not say so any more?
sub names_spoilt
{
	my ($answer) = @_;
	return $answer->{sent}{bytes} =~ s/"(?:password|api-key)"\s*:\s*"$marker//gr =~ /$marker/;
}

# Runs a statement with these answers, each {table, fate, sent}, and checks everything
sub run_case
{
	my ($case, $sql, @answers) = @_;
	my ($before, $stopped) = ('', grep { $_->{stopped} } @answers);

	$api->prepare(map { $_->{table}{request} => [ @{ $_->{first} // [] }, $_->{sent} ] } @answers);
	my $began = Time::HiRes::time();
	$session->start($sql);
	if ($stopped && $stopped->{stopped} eq 'cancel')
	{
		Time::HiRes::sleep(rand 0.03);
		$judge->{session}->sql('SELECT pg_cancel_backend(' . $session->pid . ')');
	}
	my ($output, $stderr) = eval { $session->finish };
	my $problem = defined $output ? undef : "the session has ended: $@";
	$stderr //= '';
	my $error = DbaasTest::parse_error($stderr);
	if (!$problem && !$error && $sql =~ /^BEGIN/)
	{
		($output, my $kept) = map { s{\n\z}{}r } split m{^again\n?}m, $output, 2;
		$problem = "the answer that was kept is read as $kept" if $kept ne $output;
	}
	$problem //= "a secret is told: $stderr" if $stderr =~ /\Q@{[$t->sim->secret]}\E/;
	$problem //= "a secret is told: $stderr"
	  if $stderr =~ /$marker/ && !grep { !$_->{fate}{status} || names_spoilt($_) } @answers;
	if (!$problem)
	{
		my @problems = map { scalar problem_of_answer($_, $output, $error) } @answers;
		my @wrong = grep { defined } @problems;
		# Of several answers one that has to be an error is enough
		$problem = join "\n", @wrong if @wrong && (!$error || @wrong == @problems);
	}
	$counts{ $error ? $error->{sqlstate} : 'read' }++;

	if ($error && !$problem)
	{
		# The session goes on, with the rows of answers as they should be
		end_timeout();
		$api->prepare();
		foreach my $table (map { $_->{table} } @answers)
		{
			my ($again, $said) = $session->sql_both($table->{sql});
			$problem //= "afterwards, $table->{name} is read as $again$said"
			  if $again ne $table->{clean} || $said ne '';
		}
	}
	my $seconds = Time::HiRes::time() - $began;
	$problem //= sprintf 'it takes %.1f seconds', $seconds if $seconds > $DbaasTest::soon;
	return if !$problem;
	$failed++;
	fail("case $case") if $failed <= 20;
	diag(
		"$problem\n$sql\n$stderr" . join '',
		map { "\n" . ($_->{fate}{kind} // 'json') . ": " . substr($_->{sent}{bytes}, 0, 1500) }
		  @answers);
	diag('kept as ' . kept_answers($case, @answers));
	die "the backend has ended\n" if !defined $output;
	return;
}

# Those of a file: "TABLE reads|fails|either END", and the response
sub run_file
{
	my ($file) = @_;
	my ($table, $fate, $end, $bytes) = slurp_file($file) =~ /\A(\S+) (\S+) (\S+)\n(.*)\z/s
	  or die $file;
	my ($body) = $bytes =~ /\r\n\r\n(.*)\z/s;
	my %fate = $fate eq 'fails' ? (fails => 1) : $fate eq 'reads' ? (reads => $body) : ();
	run_case(
		basename($file),
		$table{$table}{sql},
		{ table => $table{$table}, fate => \%fate, sent => { bytes => $bytes, end => $end } });
	return;
}

my @retry_after = (
	'', '0', '-1', '00', '0x1', 'soon', '9' x 30, '2147483648',
	'Thu, 01 Jan 1970 00:00:00 GMT',
	'Thu, 99 Foo 99999 99:99:99 GMT',
	'Fri, 31 Dec 9999 23:59:59 GMT');

sub body_of { my ($table) = @_; return mutated($clean{ $table->{request} }) }

# A random answer to what the table requests
sub random_answer
{
	my ($table) = @_;
	my %answer = (table => $table);
	if (chance(0.75))
	{
		my $body = body_of($table);
		$answer{fate} = length $body > $most ? { fails => 1 } : { reads => $body };
		$answer{sent} = framed($body);
	}
	else
	{
		my $body = chance(0.8) ? $clean{ $table->{request} } : body_of($table);
		@answer{qw(fate sent)} = broken($body, $most);
	}
	return \%answer;
}

sub random_case
{
	my ($case) = @_;
	my $kind = rand;
	my $table = pick(@tables);
	my $answer = random_answer($table);

	if ($kind < 0.03 || $answer->{fate}{stalls})
	{
		# It is given up while it waits, or while it comes
		$answer->{stopped} = pick('cancel', 'timeout');
		my $sql = $table->{sql};
		$sql = 'SET statement_timeout = ' . pick(1, 2, 5, 20) . "; $sql; RESET statement_timeout"
		  if $answer->{stopped} eq 'timeout';
		run_case($case, $sql, $answer);
		end_timeout();
	}
	elsif ($kind < 0.04 && !$table->{declared})
	{
		# The first answer comes to nothing, and the request is repeated
		my $status = pick('502 x', '503 x', '429 x', '504 x');
		my $after = pick(@retry_after);
		$answer = as_it_is($table);
		$answer->{doubtful} = length $after && $after !~ /^0/;
		$answer->{first} = [
			chance(0.2)
			? { bytes => "HTTP/1.1 200 OK\r\nContent-Le", end => 'close' }
			: { bytes => "HTTP/1.1 $status\r\nRetry-After: $after\r\nContent-Length: 1\r\n\r\n{" }
		];
		run_case($case, $table->{sql} =~ s/exo\./patient./r, $answer);
	}
	elsif ($kind < 0.1)
	{
		# What the list of services says decides what else is requested
		my $body = body_of($services);
		run_case($case, $services->{sql},
			{ table => $services, fate => { reads => $body }, sent => framed($body) });
	}
	elsif ($kind < 0.2)
	{
		# Read once more, from the answer that the transaction keeps
		run_case(
			$case,
			"BEGIN ISOLATION LEVEL REPEATABLE READ; $table->{sql}; SELECT 'again'; "
			  . "$table->{sql}; COMMIT",
			$answer);
	}
	elsif ($kind < 0.75) { run_case($case, $table->{sql}, $answer) }
	else
	{
		# With others
		my %others = map { $_->{request} => $_ } map { pick(@tables) } 1 .. pick(1, 1, 2);
		delete $others{ $table->{request} };
		my @answers =
		  ($answer, map { chance(0.3) ? random_answer($_) : as_it_is($_) } values %others);
		@answers = grep { !$_->{fate}{stalls} } @answers;
		# The list of services is as it is where it says what else is requested
		@answers = grep { $_->{table}{request} ne $services->{request} } @answers
		  if grep { $_->{table}{listed} } @answers;
		return if !@answers;
		run_case($case, join(' UNION ALL ', map { "($_->{table}{sql})" } @answers), @answers);
	}
	return;
}

sub as_it_is
{
	my ($table) = @_;
	my $body = $clean{ $table->{request} };
	return { table => $table, fate => { reads => $body }, sent => framed($body) };
}

if ($ENV{DBAAS_ANSWERS})
{
	run_file($_) foreach split ' ', $ENV{DBAAS_ANSWERS};
}
else
{
	run_file($_) foreach sort glob 'test/answers/*';
	random_run(20261201, 300);
	my ($n, $rss, $descriptors, $contexts) = (0);
	while (random_goes_on())
	{
		random_case(++$n);
		last if ($failed // 0) > 20;
		next if $n != 150;
		rest();
		($rss, $contexts, $descriptors) = (rss(), contexts(), descriptors());
	}
	rest();
	note("$n cases: ", join ', ', map { "$_ $counts{$_}" } sort keys %counts);
	note('excused: ', explain $judge->excused);
	if ($rss)
	{
		my ($rss_now, $contexts_now, $descriptors_now) = (rss(), contexts(), descriptors());
		note("RSS $rss -> $rss_now kB, $descriptors -> $descriptors_now descriptors, $contexts");
		DbaasTest::measured_ok($rss_now - $rss, '<', 6144, 'the backend does not grow');
		is($descriptors_now, $descriptors, 'nor has it more descriptors');
		is($contexts_now, $contexts, 'or memory contexts');
	}
}
is($failed // 0, 0, 'no case fails');

# Before the server ends
$_->quit foreach $session, $judge->{session};
my $log = slurp_file($t->node->logfile);
unlike($log, qr/PANIC|terminated by signal|TRAP|XX000/, 'no crash, and no internal error');
unlike($log, qr/\Q@{[$t->sim->secret]}\E/, 'no secret in the log');

done_testing();
